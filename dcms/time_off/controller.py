"""The endpoints of time off."""

from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from dcms.access.permissions import Permission
from dcms.time_off.repository import TimeOffRepository
from dcms.time_off.structs import EnteredTimeOff, NewTimeOff, TimeOff
from dcms.web.answers import Answer
from dcms.web.fields import PathId
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest


class TimeOffController(Controller):
    """When employees are off."""

    path = "/employees/{employee_id:int}/time_off"
    tags = ("employees",)

    @get("/", permission=Permission.STAFF_READ, may_be_stale=True)
    async def list_time_off(
        self,
        request: ApiRequest,
        time_off: NamedDependency[TimeOffRepository],
        employee_id: PathId,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[TimeOff]:
        """List an employee's time off, past and coming, by start, then id."""
        return await time_off.find(employee_id, request.page(limit, cursor))

    @post("/", permission=Permission.STAFF_WRITE, also={200: "A dry run: nothing was written."})
    async def add_time_off(
        self, time_off: NamedDependency[TimeOffRepository], employee_id: PathId, data: JSONBody[NewTimeOff]
    ) -> Response[EnteredTimeOff]:
        """Enter a time off: 201 with the appointments it leaves uncovered, of which it cancels none.

        A dry run is 200, and nothing is written.
        """
        entered = await time_off.add(employee_id, data)
        return Answer(entered, status_code=200 if data.dry_run else 201)

    @delete("/{time_off_id:int}", permission=Permission.STAFF_WRITE)
    async def remove_time_off(
        self, time_off: NamedDependency[TimeOffRepository], employee_id: PathId, time_off_id: PathId
    ) -> None:
        """Take back a time off."""
        await time_off.remove(employee_id, time_off_id)
