"""The endpoints of calls."""

from litestar import Controller, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from dcms.access.permissions import Permission
from dcms.calls.repository import CallFilters, CallRepository
from dcms.calls.structs import Call, CallChanges, CallStatus, ContactType, Direction, NewCall
from dcms.phones.numbers import Spelling
from dcms.web.answers import created
from dcms.web.fields import FromInstant, Id, PathId, ToInstant
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest


class CallController(Controller):
    """Telephone calls, in and out."""

    tags = ("calls",)

    @get("/calls", permission=Permission.CALLS_READ, may_be_stale=True)
    async def list_calls(
        self,
        request: ApiRequest,
        calls: NamedDependency[CallRepository],
        phone: FromQuery[Spelling | None] = None,
        since: FromInstant = None,
        until: ToInstant = None,
        contact_type: FromQuery[list[ContactType] | None] = None,
        direction: FromQuery[Direction | None] = None,
        status: FromQuery[list[CallStatus] | None] = None,
        patient_id: FromQuery[Id | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Call]:
        """List calls by their start, newest first; `from` and `to` are about the start too."""
        wanted = CallFilters(
            phone=phone,
            since=since,
            until=until,
            contact_types=contact_type,
            direction=direction,
            statuses=status,
            patient_id=patient_id,
        )
        return await calls.find(wanted, request.page(limit, cursor))

    @post("/calls", permission=Permission.CALLS_WRITE)
    async def add_call(self, calls: NamedDependency[CallRepository], data: JSONBody[NewCall]) -> Response[Call]:
        """Note a call. Patient, kind of contact and duration are filled in; of several holders none is guessed."""
        call = await calls.add(data)
        return created(call, f"/calls/{call.call_id}")

    @get("/calls/{call_id:int}", permission=Permission.CALLS_READ)
    async def get_call(self, calls: NamedDependency[CallRepository], call_id: PathId) -> Call:
        """Show one call."""
        return await calls.get(call_id)

    @patch("/calls/{call_id:int}", permission=Permission.CALLS_WRITE)
    async def update_call(
        self, calls: NamedDependency[CallRepository], call_id: PathId, data: JSONBody[CallChanges]
    ) -> Call:
        """Change a call: what is absent stays, null clears. With another number the contact is looked up again."""
        return await calls.update(call_id, data)

    @delete("/calls/{call_id:int}", permission=Permission.CALLS_WRITE)
    async def delete_call(self, calls: NamedDependency[CallRepository], call_id: PathId) -> None:
        """Delete a call."""
        await calls.delete(call_id)

    @get("/patients/{patient_id:int}/calls", permission=Permission.CALLS_READ, may_be_stale=True)
    async def list_patient_calls(
        self,
        request: ApiRequest,
        calls: NamedDependency[CallRepository],
        patient_id: PathId,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Call]:
        """List a patient's calls and those of the numbers he holds, by their start, newest first."""
        return await calls.find_of_patient(patient_id, request.page(limit, cursor))
