"""Bulk messages: one text for many patients, in one pass."""

from collections.abc import Awaitable, Callable

import msgspec

from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.patients.structs import NOT_MERGED, PatientFilter
from dcms.sms.drafts import Drafts, complete, require_sendable, written
from dcms.sms.encoding import measure
from dcms.sms.repository import require_future
from dcms.sms.structs import MAX_RECIPIENTS, BulkSend, BulkSent, Skipped, SkipReason
from dcms.sms.templates import Rendered, render
from dcms.web.problems import Invalid

SQL = queries("sms")

# written by one statement, far within the time that a statement has
AT_ONCE = 2500

# the ids of the first so many patients that a filter finds, in their list's order
FindPatients = Callable[[PatientFilter, int], Awaitable[list[int]]]


class Recipient(msgspec.Struct, frozen=True):
    """A patient that was asked for, and why he is left out, if he is."""

    patient_id: int
    e164: str | None
    first_name: str | None
    last_name: str | None
    reason: SkipReason | None


class BulkRepository:
    """Writes bulk messages."""

    def __init__(self, database: Database, find_patients: FindPatients) -> None:
        self._database = database
        self._find_patients = find_patients
        self._drafts = Drafts(database)

    async def send(self, wanted: BulkSend) -> BulkSent:
        """Queue a text for each patient that can be reached, or only say who that is."""
        require_future(wanted.scheduled_for)
        patient_ids = await self._patient_ids(wanted)
        found = await self._database.all(SQL.recipients, Recipient, patient_ids=patient_ids)
        reached = [each for each in found if each.reason is None]
        skipped = [Skipped(each.patient_id, each.reason) for each in found if each.reason is not None]
        texts = await self._texts(wanted, reached)
        batch_id = None if wanted.dry_run else await self._add(wanted, reached, texts)
        return BulkSent(batch_id, len(reached), skipped)

    async def _patient_ids(self, wanted: BulkSend) -> list[int]:
        if wanted.patient_ids is not None:
            return wanted.patient_ids
        assert wanted.filter is not None
        given = wanted.filter
        status = given.status or NOT_MERGED
        patients = PatientFilter(
            given.query, (status,) if isinstance(status, str) else status, given.born, given.doctor_id
        )
        patient_ids = await self._find_patients(patients, MAX_RECIPIENTS + 1)
        if len(patient_ids) > MAX_RECIPIENTS:
            raise Invalid.of("filter", f"finds more than {MAX_RECIPIENTS} patients")
        return patient_ids

    async def _texts(self, wanted: BulkSend, reached: list[Recipient]) -> list[str]:
        template = wanted.text
        if template is None:
            assert wanted.template_id is not None
            template = await self._drafts.template(wanted.template_id)
        clinic = await self._drafts.values()
        context = written(wanted.context)
        # every patient has his names: what is missing is missing for all, also when nobody is reached
        known = {**clinic, "patient.first_name": "-", "patient.last_name": "-", **context}
        complete(Rendered("-", render(template, known).missing))
        texts = [
            complete(
                render(
                    template,
                    {
                        **clinic,
                        "patient.first_name": each.first_name or "",
                        "patient.last_name": each.last_name or "",
                        **context,
                    },
                )
            )
            for each in reached
        ]
        for text in texts:
            require_sendable(text)
        return texts

    async def _add(self, wanted: BulkSend, reached: list[Recipient], texts: list[str]) -> int:
        async with self._database.transaction():
            batch_id = await self._database.one(SQL.add_batch, int, total=len(reached))
            for start in range(0, len(reached), AT_ONCE):
                part, said = reached[start : start + AT_ONCE], texts[start : start + AT_ONCE]
                sizes = [measure(text) for text in said]
                await self._database.execute(
                    SQL.add_messages,
                    batch_id=batch_id,
                    patient_ids=[each.patient_id for each in part],
                    e164s=[each.e164 for each in part],
                    texts=said,
                    segments=[size.segments for size in sizes],
                    encodings=[size.encoding for size in sizes],
                    template_id=wanted.template_id,
                    scheduled_for=wanted.scheduled_for,
                )
        return batch_id
