"""The endpoints of teeth."""

from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from dcms.access.permissions import Permission
from dcms.teeth.repository import ToothRepository
from dcms.teeth.structs import (
    CodedTooth,
    Dentition,
    NewToothDefinition,
    SystemName,
    ToothDefinition,
    ToothDefinitionChanges,
)
from dcms.web.answers import created
from dcms.web.fields import PathId
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest


class ToothController(Controller):
    """The 52 teeth of ISO 3950, and the clinic's extra ones."""

    path = "/teeth/definitions"
    tags = ("teeth",)

    @get("/", permission=Permission.TREATMENTS_READ, open_to_patients=True, may_be_stale=True)
    async def list_tooth_definitions(
        self,
        request: ApiRequest,
        teeth: NamedDependency[ToothRepository],
        system: SystemName = None,
        dentition: FromQuery[Dentition | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[CodedTooth]:
        """List the teeth with their codes in a notation, by id."""
        return await teeth.find(system, dentition, request.page(limit, cursor))

    @post("/", permission=Permission.TEETH_WRITE)
    async def add_tooth_definition(
        self, teeth: NamedDependency[ToothRepository], data: JSONBody[NewToothDefinition]
    ) -> Response[ToothDefinition]:
        """Add an extra tooth. It has no FDI number."""
        tooth = await teeth.add(data)
        return created(tooth, f"/teeth/definitions/{tooth.tooth_id}")

    @get("/{tooth_id:int}", permission=Permission.TREATMENTS_READ, open_to_patients=True)
    async def get_tooth_definition(self, teeth: NamedDependency[ToothRepository], tooth_id: PathId) -> ToothDefinition:
        """Show one tooth."""
        return await teeth.get(tooth_id)

    @patch("/{tooth_id:int}", permission=Permission.TEETH_WRITE)
    async def update_tooth_definition(
        self, teeth: NamedDependency[ToothRepository], tooth_id: PathId, data: JSONBody[ToothDefinitionChanges]
    ) -> ToothDefinition:
        """Change a tooth. Of the teeth of ISO 3950 only `name` and `is_active` can be changed, else 422 `refused`."""
        return await teeth.update(tooth_id, data)
