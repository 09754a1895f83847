"""The catalogue of services in the database."""

from itertools import groupby

import msgspec

from dcms.database.lists import Ordering, page
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.services.structs import NewService, Place, Service, ServiceChanges, TypeOfService
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Conflict

SQL = queries("services")

BY_DISPLAY_NUMBER = Ordering(("display_number",))
BEST_FIRST = Ordering(("rank", "service_id"))
CODE_TAKEN = Conflict("duplicate", "Another service has this code.", field="code")
NUMBER_TAKEN = Conflict("duplicate", "Another service has this display number.", field="display_number")


class ServiceRepository:
    """Reads and writes the catalogue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self, text: str | None, service_type: str | None, include_inactive: bool, request: PageRequest
    ) -> Page[Service]:
        """Services by display number; with a text the best first."""
        return await page(
            self._database,
            SQL.find,
            Service,
            [],
            BEST_FIRST if text else BY_DISPLAY_NUMBER,
            request,
            text=text,
            service_type=service_type,
            include_inactive=include_inactive,
        )

    async def types(self, request: PageRequest) -> Page[TypeOfService]:
        """The types of the active services, by name, with their services."""
        after = request.after[0] if request.after else None
        services = await self._database.all(SQL.types, Service, after=after, limit=request.limit + 1)
        types = [TypeOfService(name, list(group)) for name, group in groupby(services, lambda each: each.service_type)]
        return request.page(types, lambda last: [last.service_type])

    async def get(self, service_id: int) -> Service:
        """One service."""
        return await self._database.get(SQL.get, Service, service_id=service_id)

    async def add(self, new: NewService) -> Service:
        """Add a service; it comes last unless it has a number of its own."""
        with (
            on_constraint("service_catalog_code_unique", CODE_TAKEN),
            on_constraint("service_catalog_display_number_unique", NUMBER_TAKEN),
        ):
            return await self._database.one(SQL.add, Service, service=msgspec.to_builtins(new))

    async def update(self, service_id: int, changes: ServiceChanges) -> Service:
        """Change a service."""
        with (
            on_constraint("service_catalog_code_unique", CODE_TAKEN),
            on_constraint("service_catalog_display_number_unique", NUMBER_TAKEN),
        ):
            return await self._database.one(
                SQL.update, Service, service_id=service_id, changes=msgspec.to_builtins(changes)
            )

    async def set_active(self, service_id: int, is_active: bool) -> Service:
        """Disable or enable a service."""
        return await self._database.one(SQL.set_active, Service, service_id=service_id, is_active=is_active)

    async def reorder(self, places: list[Place]) -> Page[Service]:
        """Give services new numbers, all or none; the active ones after it."""
        async with self._database.transaction():
            with on_constraint("service_catalog_display_number_unique", NUMBER_TAKEN):
                await self._database.execute(SQL.reorder, places=msgspec.to_builtins(places))
            return Page(await self._database.all(SQL.active, Service))
