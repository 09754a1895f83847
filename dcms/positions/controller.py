"""The endpoints of positions."""

from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from dcms.access.permissions import Permission
from dcms.positions.repository import PositionRepository
from dcms.positions.structs import NewPosition, Position, PositionChanges
from dcms.web.answers import created
from dcms.web.fields import PathId
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest


class PositionController(Controller):
    """What employees are employed as."""

    path = "/positions"
    tags = ("positions",)

    @get("/", permission=Permission.STAFF_READ, may_be_stale=True)
    async def list_positions(
        self,
        request: ApiRequest,
        positions: NamedDependency[PositionRepository],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Position]:
        """List all positions, disabled ones too, by name (case and accents aside)."""
        return await positions.find(request.page(limit, cursor))

    @post("/", permission=Permission.STAFF_WRITE)
    async def add_position(
        self, positions: NamedDependency[PositionRepository], data: JSONBody[NewPosition]
    ) -> Response[Position]:
        """Add a position; its name is unique in any case."""
        position = await positions.add(data)
        return created(position, f"/positions/{position.position_id}")

    @get("/{position_id:int}", permission=Permission.STAFF_READ)
    async def get_position(self, positions: NamedDependency[PositionRepository], position_id: PathId) -> Position:
        """Show one position."""
        return await positions.get(position_id)

    @patch("/{position_id:int}", permission=Permission.STAFF_WRITE)
    async def update_position(
        self, positions: NamedDependency[PositionRepository], position_id: PathId, data: JSONBody[PositionChanges]
    ) -> Position:
        """Change a position: what is absent stays, null clears."""
        return await positions.update(position_id, data)

    @post("/{position_id:int}/disable", permission=Permission.STAFF_WRITE, status_code=200)
    async def disable_position(self, positions: NamedDependency[PositionRepository], position_id: PathId) -> Position:
        """Disable a position: nobody is given it any more; who has it keeps it."""
        return await positions.set_active(position_id, False)

    @post("/{position_id:int}/enable", permission=Permission.STAFF_WRITE, status_code=200)
    async def enable_position(self, positions: NamedDependency[PositionRepository], position_id: PathId) -> Position:
        """Enable a position again."""
        return await positions.set_active(position_id, True)
