"""The endpoints of employees."""

from typing import Annotated

from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter

from dcms.access.permissions import Permission
from dcms.employees.repository import EmployeeFilters, EmployeeRepository
from dcms.employees.structs import Employee, EmployeeChanges, NewEmployee
from dcms.web.answers import created
from dcms.web.fields import Id, PathId, SearchText
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest

OfPosition = Annotated[Id | None, QueryParameter(description="Who has this position.")]


class EmployeeController(Controller):
    """Who works at the clinic."""

    path = "/employees"
    tags = ("employees",)

    @get("/", permission=Permission.STAFF_READ, may_be_stale=True)
    async def list_employees(
        self,
        request: ApiRequest,
        employees: NamedDependency[EmployeeRepository],
        text: SearchText = None,
        position_id: OfPosition = None,
        is_bookable: FromQuery[bool | None] = None,
        include_archived: FromQuery[bool] = False,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Employee]:
        """List the employees who aren't archived, by last name, first name (case and accents aside) and id.

        With `query` those whose name, title or email hold all its words: the best first (the whole name or a part
        of it, then the beginning of one, then the rest), ties by id, 1,000 at most.
        """
        filters = EmployeeFilters(text, position_id, is_bookable, include_archived)
        return await employees.find(filters, request.page(limit, cursor))

    @post("/", permission=Permission.STAFF_WRITE)
    async def add_employee(
        self, employees: NamedDependency[EmployeeRepository], data: JSONBody[NewEmployee]
    ) -> Response[Employee]:
        """Add an employee, with positions; the first one is primary."""
        employee = await employees.add(data)
        return created(employee, f"/employees/{employee.employee_id}")

    @get("/{employee_id:int}", permission=Permission.STAFF_READ)
    async def get_employee(self, employees: NamedDependency[EmployeeRepository], employee_id: PathId) -> Employee:
        """Show one employee."""
        return await employees.get(employee_id)

    @patch("/{employee_id:int}", permission=Permission.STAFF_WRITE)
    async def update_employee(
        self, employees: NamedDependency[EmployeeRepository], employee_id: PathId, data: JSONBody[EmployeeChanges]
    ) -> Employee:
        """Change an employee: what is absent stays, null clears."""
        return await employees.update(employee_id, data)

    @post("/{employee_id:int}/archive", permission=Permission.STAFF_WRITE, status_code=200)
    async def archive_employee(self, employees: NamedDependency[EmployeeRepository], employee_id: PathId) -> Employee:
        """Archive an employee: no new appointments. Future ones stand against it: 409 `has_future_appointments`."""
        return await employees.archive(employee_id)

    @post("/{employee_id:int}/restore", permission=Permission.STAFF_WRITE, status_code=200)
    async def restore_employee(self, employees: NamedDependency[EmployeeRepository], employee_id: PathId) -> Employee:
        """Take an employee out of the archive."""
        return await employees.restore(employee_id)

    @post(
        "/{employee_id:int}/link_user/{user_id:int}",
        permission=Permission.STAFF_WRITE,
        changes_access=True,
        status_code=200,
    )
    async def link_employee_user(
        self, employees: NamedDependency[EmployeeRepository], employee_id: PathId, user_id: PathId
    ) -> Employee:
        """Link an employee to a login that holds a staff role; one login is one employee's."""
        return await employees.link_user(employee_id, user_id)

    @post("/{employee_id:int}/unlink_user", permission=Permission.STAFF_WRITE, changes_access=True, status_code=200)
    async def unlink_employee_user(
        self, employees: NamedDependency[EmployeeRepository], employee_id: PathId
    ) -> Employee:
        """Take the login from an employee."""
        return await employees.unlink_user(employee_id)
