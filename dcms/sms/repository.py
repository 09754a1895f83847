"""Text messages in the database."""

from datetime import UTC, datetime, timedelta

import msgspec

from dcms.database.lists import Filter, Ordering, page, word, words
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.phones.numbers import number_row
from dcms.sms.drafts import Drafts, complete, require_sendable
from dcms.sms.encoding import measure
from dcms.sms.structs import Batch, Direction, Draft, NewSms, Preview, Sms, SmsStatus
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Invalid

SQL = queries("sms")

NEWEST_FIRST = Ordering(("created_at", "sms_id"), descending=True)
BEST_FIRST = Ordering(("rank", "sms_id"), descending=True)
# a client's clock may be behind the server's
PAST_TOLERANCE = timedelta(minutes=1)


class SmsFilters(msgspec.Struct, frozen=True, kw_only=True):
    """What the messages asked for have in common."""

    phone: str | None
    patient_id: int | None
    direction: Direction | None
    statuses: list[SmsStatus] | None
    since: datetime | None
    until: datetime | None
    is_reviewed: bool | None
    batch_id: int | None


class SmsRepository:
    """Reads and writes messages."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._drafts = Drafts(database)

    async def get(self, sms_id: int) -> Sms:
        """One message."""
        return await self._database.get(SQL.get, Sms, sms_id=sms_id)

    async def find(self, wanted: SmsFilters, request: PageRequest) -> Page[Sms]:
        """Messages, newest first."""
        filters = [
            Filter("e164", "eq", e164_of(wanted.phone)),
            Filter("patient_id", "eq", wanted.patient_id),
            word("direction", None if wanted.is_reviewed is None else "in"),
            word("direction", wanted.direction),
            words("status", wanted.statuses),
            Filter("created_at", "gte", wanted.since),
            Filter("created_at", "lt", wanted.until),
            Filter("reviewed_at", "null", None if wanted.is_reviewed is None else not wanted.is_reviewed),
            Filter("batch_id", "eq", wanted.batch_id),
        ]
        return await page(self._database, SQL.find, Sms, filters, NEWEST_FIRST, request)

    async def search(self, words: str, wanted: SmsFilters, request: PageRequest) -> Page[Sms]:
        """Messages with some words, best first."""
        return await page(
            self._database,
            SQL.search,
            Sms,
            [],
            BEST_FIRST,
            request,
            words=words,
            e164=e164_of(wanted.phone),
            patient_id=wanted.patient_id,
            direction=wanted.direction,
            statuses=wanted.statuses,
            since=wanted.since,
            until=wanted.until,
            is_reviewed=wanted.is_reviewed,
            batch_id=wanted.batch_id,
        )

    async def find_of_patient(self, patient_id: int, request: PageRequest) -> Page[Sms]:
        """A patient's messages, newest first."""
        found = await page(self._database, SQL.find_of_patient, Sms, [], NEWEST_FIRST, request, patient_id=patient_id)
        if not found.items:
            await self._database.one(SQL.has_patient, int, patient_id=patient_id)
        return found

    async def find_of_number(self, phone_number_id: int, request: PageRequest) -> Page[Sms]:
        """The messages of a number, newest first."""
        found = await page(
            self._database, SQL.find_of_number, Sms, [], NEWEST_FIRST, request, phone_number_id=phone_number_id
        )
        if not found.items:
            await self._database.one(SQL.holder, int, phone_number_id=phone_number_id)
        return found

    async def add(self, phone_number_id: int, new: NewSms) -> Sms:
        """Send a message to a number, or write down that it was said."""
        require_future(new.scheduled_for)
        patient_id = await self._database.one(SQL.holder, int, phone_number_id=phone_number_id)
        text = new.text
        if text is None:
            assert new.template_id is not None
            template = await self._drafts.template(new.template_id)
            text = complete(await self._drafts.fill(template, patient_id, None, new.context))
        if new.send:
            require_sendable(text)
        size = measure(text)
        return await self._database.one(
            SQL.add,
            Sms,
            phone_number_id=phone_number_id,
            text=text,
            send=new.send,
            segments=size.segments,
            encoding=size.encoding,
            template_id=new.template_id,
            scheduled_for=new.scheduled_for,
        )

    async def preview(self, draft: Draft) -> Preview:
        """What a text would be, and how it would travel."""
        text = draft.text
        if text is None:
            assert draft.template_id is not None
            text = await self._drafts.template(draft.template_id, is_preview=True)
        filled = await self._drafts.fill(text, draft.patient_id, draft.appointment_id, draft.context)
        size = measure(filled.text)
        return Preview(filled.text, size.encoding, size.segments, size.length, filled.missing)

    async def review(self, sms_id: int) -> Sms:
        """Note that an incoming message was read."""
        return await self._database.one(SQL.review, Sms, sms_id=sms_id)

    async def delete(self, sms_id: int) -> None:
        """Cancel a message that is not on its way yet; delete any other."""
        await self._database.one(SQL.delete, int, sms_id=sms_id)

    async def count_batch(self, batch_id: int) -> Batch:
        """How far a bulk message has come."""
        return await self._database.one(SQL.count_batch, Batch, batch_id=batch_id)


def e164_of(spelling: str | None) -> str | None:
    """The E.164 of a number that was checked already."""
    return None if spelling is None else number_row(spelling)["e164"]


def require_future(scheduled_for: datetime | None) -> None:
    """Refuse what should have been sent before now."""
    if scheduled_for is not None and scheduled_for < datetime.now(UTC) - PAST_TOLERANCE:
        raise Invalid.of("scheduled_for", "lies in the past")
