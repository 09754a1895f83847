"""The endpoints of chairs."""

from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from dcms.access.permissions import Permission
from dcms.chairs.repository import ChairRepository
from dcms.chairs.structs import Chair, ChairChanges, NewChair
from dcms.web.answers import created
from dcms.web.fields import PathId
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest


class ChairController(Controller):
    """Where patients are treated."""

    path = "/chairs"
    tags = ("chairs",)

    @get("/", permission=Permission.SCHEDULE_READ, may_be_stale=True)
    async def list_chairs(
        self,
        request: ApiRequest,
        chairs: NamedDependency[ChairRepository],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Chair]:
        """List all chairs, disabled ones too, by name (case and accents aside)."""
        return await chairs.find(request.page(limit, cursor))

    @post("/", permission=Permission.CLINIC_WRITE)
    async def add_chair(self, chairs: NamedDependency[ChairRepository], data: JSONBody[NewChair]) -> Response[Chair]:
        """Add a chair; its name is unique in any case."""
        chair = await chairs.add(data)
        return created(chair, f"/chairs/{chair.chair_id}")

    @get("/{chair_id:int}", permission=Permission.SCHEDULE_READ)
    async def get_chair(self, chairs: NamedDependency[ChairRepository], chair_id: PathId) -> Chair:
        """Show one chair."""
        return await chairs.get(chair_id)

    @patch("/{chair_id:int}", permission=Permission.CLINIC_WRITE)
    async def update_chair(
        self, chairs: NamedDependency[ChairRepository], chair_id: PathId, data: JSONBody[ChairChanges]
    ) -> Chair:
        """Change a chair: what is absent stays."""
        return await chairs.update(chair_id, data)

    @post("/{chair_id:int}/disable", permission=Permission.CLINIC_WRITE, status_code=200)
    async def disable_chair(self, chairs: NamedDependency[ChairRepository], chair_id: PathId) -> Chair:
        """Disable a chair: no new appointment takes it; those that have it keep it."""
        return await chairs.set_active(chair_id, False)

    @post("/{chair_id:int}/enable", permission=Permission.CLINIC_WRITE, status_code=200)
    async def enable_chair(self, chairs: NamedDependency[ChairRepository], chair_id: PathId) -> Chair:
        """Enable a chair again."""
        return await chairs.set_active(chair_id, True)
