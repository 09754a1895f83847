"""Positions in the database."""

import msgspec

from dcms.database.lists import Ordering, page
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.positions.structs import NewPosition, Position, PositionChanges
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Conflict

SQL = queries("positions")

BY_NAME = Ordering(("sort_name", "position_id"))
NAME_TAKEN = Conflict("duplicate", "Another position has this name.", field="name")


class PositionRepository:
    """Reads and writes positions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, request: PageRequest) -> Page[Position]:
        """Positions by name."""
        return await page(self._database, SQL.find, Position, [], BY_NAME, request)

    async def get(self, position_id: int) -> Position:
        """One position."""
        return await self._database.get(SQL.get, Position, position_id=position_id)

    async def add(self, new: NewPosition) -> Position:
        """Add a position."""
        with on_constraint("position_name_unique", NAME_TAKEN):
            return await self._database.one(SQL.add, Position, **msgspec.structs.asdict(new))

    async def update(self, position_id: int, changes: PositionChanges) -> Position:
        """Change a position."""
        with on_constraint("position_name_unique", NAME_TAKEN):
            return await self._database.one(
                SQL.update, Position, position_id=position_id, changes=msgspec.to_builtins(changes)
            )

    async def set_active(self, position_id: int, is_active: bool) -> Position:
        """Disable or enable a position."""
        return await self._database.one(SQL.set_active, Position, position_id=position_id, is_active=is_active)
