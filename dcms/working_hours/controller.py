"""The endpoints of working hours."""

from litestar import Controller, Response, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from dcms.access.permissions import Permission
from dcms.web.answers import versioned
from dcms.web.fields import PathId
from dcms.web.pages import DEFAULT_LIMIT, MAX_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest
from dcms.working_hours.repository import WorkingHoursRepository
from dcms.working_hours.structs import Week, WorkingHours


class WorkingHoursController(Controller):
    """When employees work. The version of an employee's hours is his."""

    path = "/employees/{employee_id:int}/working_hours"
    tags = ("employees",)

    @get("/", permission=Permission.STAFF_READ, may_be_stale=True)
    async def list_working_hours(
        self,
        request: ApiRequest,
        working_hours: NamedDependency[WorkingHoursRepository],
        employee_id: PathId,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Response[Page[WorkingHours]]:
        """List an employee's hours, by weekday, opening time and first day of validity.

        On a day on which any row is valid he works his rows only, on other days the clinic's hours; closures and time
        off are taken off either.
        """
        return versioned(*await working_hours.find(employee_id, request.page(limit, cursor)))

    @put("/", permission=Permission.STAFF_WRITE)
    async def replace_working_hours(
        self,
        request: ApiRequest,
        working_hours: NamedDependency[WorkingHoursRepository],
        employee_id: PathId,
        data: JSONBody[Week],
    ) -> Response[Page[WorkingHours]]:
        """Make an employee's hours these, all of them or none; an empty array is the clinic's hours."""
        return versioned(*await working_hours.replace(employee_id, data, request.page(MAX_LIMIT, None)))
