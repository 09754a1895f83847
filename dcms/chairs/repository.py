"""Chairs in the database."""

import msgspec

from dcms.chairs.structs import Chair, ChairChanges, NewChair
from dcms.database.lists import Ordering, page
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Conflict

SQL = queries("chairs")

BY_NAME = Ordering(("sort_name", "chair_id"))
NAME_TAKEN = Conflict("duplicate", "Another chair has this name.", field="name")


class ChairRepository:
    """Reads and writes chairs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, request: PageRequest) -> Page[Chair]:
        """Chairs by name."""
        return await page(self._database, SQL.find, Chair, [], BY_NAME, request)

    async def get(self, chair_id: int) -> Chair:
        """One chair."""
        return await self._database.get(SQL.get, Chair, chair_id=chair_id)

    async def add(self, new: NewChair) -> Chair:
        """Add a chair."""
        with on_constraint("chair_name_unique", NAME_TAKEN):
            return await self._database.one(SQL.add, Chair, name=new.name)

    async def update(self, chair_id: int, changes: ChairChanges) -> Chair:
        """Change a chair."""
        with on_constraint("chair_name_unique", NAME_TAKEN):
            return await self._database.one(SQL.update, Chair, chair_id=chair_id, changes=msgspec.to_builtins(changes))

    async def set_active(self, chair_id: int, is_active: bool) -> Chair:
        """Disable or enable a chair."""
        return await self._database.one(SQL.set_active, Chair, chair_id=chair_id, is_active=is_active)
