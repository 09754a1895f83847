"""The endpoints of employees' positions."""

from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency

from dcms.access.permissions import Permission
from dcms.assignments.repository import AssignmentRepository
from dcms.assignments.structs import AssignedPosition
from dcms.web.answers import Answer, versioned
from dcms.web.fields import PathId
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest


class AssignmentController(Controller):
    """The positions that employees have. The version of all of them is the employee's."""

    path = "/employees/{employee_id:int}/positions"
    tags = ("employees",)

    @get("/", permission=Permission.STAFF_READ, versioned=True, may_be_stale=True)
    async def list_employee_positions(
        self,
        request: ApiRequest,
        assignments: NamedDependency[AssignmentRepository],
        employee_id: PathId,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Response[Page[AssignedPosition]]:
        """List an employee's positions, the primary one first, then the oldest."""
        return versioned(*await assignments.find(employee_id, request.page(limit, cursor)))

    @post("/{position_id:int}", permission=Permission.STAFF_WRITE, also={200: "Assigned already."}, versioned=True)
    async def assign_position(
        self, assignments: NamedDependency[AssignmentRepository], employee_id: PathId, position_id: PathId
    ) -> Response[AssignedPosition]:
        """Give an employee a position, his first one as the primary: 201, or 200 when he has it."""
        position, is_new = await assignments.add(employee_id, position_id)
        return Answer(position, status_code=201 if is_new else 200)

    @delete("/{position_id:int}", permission=Permission.STAFF_WRITE, versioned=True)
    async def unassign_position(
        self, assignments: NamedDependency[AssignmentRepository], employee_id: PathId, position_id: PathId
    ) -> None:
        """Take a position from an employee; of the primary one the oldest of the others takes the place."""
        await assignments.remove(employee_id, position_id)

    @post("/{position_id:int}/make_primary", permission=Permission.STAFF_WRITE, versioned=True, status_code=200)
    async def make_position_primary(
        self, assignments: NamedDependency[AssignmentRepository], employee_id: PathId, position_id: PathId
    ) -> AssignedPosition:
        """Make one of an employee's positions the primary one."""
        return await assignments.make_primary(employee_id, position_id)
