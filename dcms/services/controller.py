"""The endpoints of the catalogue of services."""

from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from dcms.access.permissions import Permission
from dcms.services.repository import ServiceRepository
from dcms.services.structs import NewService, Places, Service, ServiceChanges, TypeOfService
from dcms.web.answers import created
from dcms.web.fields import Name, PathId, SearchText
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest


class ServiceController(Controller):
    """What the clinic does, and at which price."""

    path = "/services"
    tags = ("services",)

    @get("/", permission=Permission.SERVICES_READ, open_to_patients=True, may_be_stale=True)
    async def list_services(
        self,
        request: ApiRequest,
        services: NamedDependency[ServiceRepository],
        text: SearchText = None,
        service_type: FromQuery[Name | None] = None,
        include_inactive: FromQuery[bool] = False,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Service]:
        """List the active services, by display number.

        With `query` those whose code, name, type or description hold all its words, case and accents aside: the best
        first (its code, then its name, then the beginning of either, then the rest), ties by id, 1,000 at most.
        """
        return await services.find(text, service_type, include_inactive, request.page(limit, cursor))

    @post("/", permission=Permission.SERVICES_WRITE)
    async def add_service(
        self, services: NamedDependency[ServiceRepository], data: JSONBody[NewService]
    ) -> Response[Service]:
        """Add a service; without a display number it comes last."""
        service = await services.add(data)
        return created(service, f"/services/{service.service_id}")

    @get("/types", permission=Permission.SERVICES_READ, open_to_patients=True, may_be_stale=True)
    async def list_service_types(
        self,
        request: ApiRequest,
        services: NamedDependency[ServiceRepository],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[TypeOfService]:
        """List the types of the active services, by name, each with its services by display number."""
        return await services.types(request.page(limit, cursor))

    @patch("/reorder", permission=Permission.SERVICES_WRITE)
    async def reorder_services(
        self, services: NamedDependency[ServiceRepository], data: JSONBody[Places]
    ) -> Page[Service]:
        """Give services new display numbers, all of them or none; answers all active services by display number."""
        return await services.reorder(data)

    @get("/{service_id:int}", permission=Permission.SERVICES_READ, open_to_patients=True)
    async def get_service(self, services: NamedDependency[ServiceRepository], service_id: PathId) -> Service:
        """Show one service."""
        return await services.get(service_id)

    @patch("/{service_id:int}", permission=Permission.SERVICES_WRITE)
    async def update_service(
        self, services: NamedDependency[ServiceRepository], service_id: PathId, data: JSONBody[ServiceChanges]
    ) -> Service:
        """Change a service: what is absent stays, null clears. What was treated keeps the price it had."""
        return await services.update(service_id, data)

    @post("/{service_id:int}/disable", permission=Permission.SERVICES_WRITE, status_code=200)
    async def disable_service(self, services: NamedDependency[ServiceRepository], service_id: PathId) -> Service:
        """Disable a service: nothing new refers to it; what does already keeps it."""
        return await services.set_active(service_id, False)

    @post("/{service_id:int}/enable", permission=Permission.SERVICES_WRITE, status_code=200)
    async def enable_service(self, services: NamedDependency[ServiceRepository], service_id: PathId) -> Service:
        """Enable a service again."""
        return await services.set_active(service_id, True)
