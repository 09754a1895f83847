"""The endpoints of text messages."""

from typing import Annotated

from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter
from msgspec import Meta

from dcms.access.permissions import Permission
from dcms.phones.numbers import Spelling
from dcms.sms.bulk import BulkRepository
from dcms.sms.repository import SmsFilters, SmsRepository
from dcms.sms.structs import Batch, BulkSend, BulkSent, Direction, Draft, NewSms, Preview, Sms, SmsStatus
from dcms.web.answers import Answer, created
from dcms.web.fields import FromInstant, Id, PathId, ToInstant
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest
from dcms.web.routes import MIB

Search = Annotated[
    Annotated[str, Meta(max_length=200)] | None,
    QueryParameter(name="query", description="Words of the text, or beginnings of words."),
]


class SmsController(Controller):
    """Text messages, in and out."""

    tags = ("sms",)

    @get("/sms", permission=Permission.MESSAGES_READ, may_be_stale=True)
    async def list_sms(
        self,
        request: ApiRequest,
        sms: NamedDependency[SmsRepository],
        words: Search = None,
        phone: FromQuery[Spelling | None] = None,
        patient_id: FromQuery[Id | None] = None,
        direction: FromQuery[Direction | None] = None,
        status: FromQuery[list[SmsStatus] | None] = None,
        since: FromInstant = None,
        until: ToInstant = None,
        reviewed: FromQuery[bool | None] = None,
        batch_id: FromQuery[Id | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Sms]:
        """List messages, newest first; with `query` those that have its words whole first, then the newest.

        `reviewed` is about incoming messages, `from` and `to` about `created_at`.
        """
        wanted = SmsFilters(
            phone=phone,
            patient_id=patient_id,
            direction=direction,
            statuses=status,
            since=since,
            until=until,
            is_reviewed=reviewed,
            batch_id=batch_id,
        )
        if words is None:
            return await sms.find(wanted, request.page(limit, cursor))
        return await sms.search(words, wanted, request.page(limit, cursor))

    @get("/sms/{sms_id:int}", permission=Permission.MESSAGES_READ)
    async def get_sms(self, sms: NamedDependency[SmsRepository], sms_id: PathId) -> Sms:
        """Show one message."""
        return await sms.get(sms_id)

    @delete("/sms/{sms_id:int}", permission=Permission.MESSAGES_WRITE)
    async def delete_sms(self, sms: NamedDependency[SmsRepository], sms_id: PathId) -> None:
        """Cancel a message that is scheduled or queued; it stays readable. Delete any other."""
        await sms.delete(sms_id)

    @post("/sms/{sms_id:int}/mark_reviewed", status_code=200, permission=Permission.MESSAGES_WRITE)
    async def mark_sms_reviewed(self, sms: NamedDependency[SmsRepository], sms_id: PathId) -> Sms:
        """Note that an incoming message was read; the first time counts."""
        return await sms.review(sms_id)

    @post("/sms/render", status_code=200, permission=Permission.MESSAGES_READ)
    async def render_sms(self, sms: NamedDependency[SmsRepository], data: JSONBody[Draft]) -> Preview:
        """Preview a text: its values put in, how it is encoded, in how many segments.

        Names: `patient.first_name`, `patient.last_name`, `appointment.date`, `appointment.time`, `appointment.doctor`,
        `clinic.name`, `clinic.phone` and the keys of `context`.
        """
        return await sms.preview(data)

    @post(
        "/sms/bulk_send",
        status_code=202,
        max_body=MIB,
        also={200: "A dry run: nothing was sent."},
        permission=Permission.MESSAGES_WRITE,
    )
    async def send_bulk_sms(
        self, request: ApiRequest, bulk: NamedDependency[BulkRepository], data: JSONBody[BulkSend]
    ) -> Response[BulkSent]:
        """Send a text to many patients: to each one's primary number, and to each number once.

        The text is a template. `skipped` names who gets none, and why. A dry run answers 200 and sends nothing.
        """
        sent = await bulk.send(data)
        if data.filter is not None:
            request.exchange.listed_patients = [each.patient_id for each in sent.skipped]
        return Answer(sent, status_code=200 if data.dry_run else 202)

    @get("/sms/batches/{batch_id:int}", permission=Permission.MESSAGES_READ)
    async def get_sms_batch(self, sms: NamedDependency[SmsRepository], batch_id: PathId) -> Batch:
        """Show how far a bulk message has come."""
        return await sms.count_batch(batch_id)

    @get("/phone_numbers/{phone_number_id:int}/sms", permission=Permission.MESSAGES_READ, may_be_stale=True)
    async def list_phone_number_sms(
        self,
        request: ApiRequest,
        sms: NamedDependency[SmsRepository],
        phone_number_id: PathId,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Sms]:
        """List the messages of a number, whoever of its holders they are about, newest first."""
        return await sms.find_of_number(phone_number_id, request.page(limit, cursor))

    @post("/phone_numbers/{phone_number_id:int}/sms", permission=Permission.MESSAGES_WRITE)
    async def send_sms(
        self, sms: NamedDependency[SmsRepository], phone_number_id: PathId, data: JSONBody[NewSms]
    ) -> Response[Sms]:
        """Send a message to a patient's number, now or later; with `send: false` only write it down.

        A `text` is sent as it is; a template's names take their values from the patient, the clinic and `context`.
        """
        message = await sms.add(phone_number_id, data)
        return created(message, f"/sms/{message.sms_id}")

    @get("/patients/{patient_id:int}/sms", permission=Permission.MESSAGES_READ, may_be_stale=True)
    async def list_patient_sms(
        self,
        request: ApiRequest,
        sms: NamedDependency[SmsRepository],
        patient_id: PathId,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Sms]:
        """List a patient's messages and those of the numbers he holds, newest first."""
        return await sms.find_of_patient(patient_id, request.page(limit, cursor))
