"""What is free, in the database."""

from datetime import date, timedelta

import msgspec

from dcms.access.watch import ClinicFacts
from dcms.availability.structs import FreeSlots, FreeWindows, Stretch, Wish
from dcms.database.pool import Database
from dcms.database.queries import queries

SQL = queries("availability")

SEARCHED_DAYS = 180


class AvailabilityRepository:
    """Finds free time."""

    def __init__(self, database: Database, facts: ClinicFacts) -> None:
        self._database = database
        self._facts = facts

    async def slots(self, wish: Wish) -> FreeSlots:
        """Free slots on the grid, by start, then doctor."""
        found = await self.free_slots(wish)
        return FreeSlots(found, None if found else await self._next_available(wish))

    async def free_slots(self, wish: Wish) -> list[Stretch]:
        """Free slots on the grid, by start, then doctor, and nothing about later days."""
        return await self._database.all(SQL.slots, Stretch, **msgspec.structs.asdict(wish))

    async def windows(self, wish: Wish) -> FreeWindows:
        """Free stretches of time, by start, then doctor."""
        found = await self._database.all(SQL.windows, Stretch, **msgspec.structs.asdict(wish))
        return FreeWindows(found, None if found else await self._next_available(wish))

    async def _next_available(self, wish: Wish) -> date | None:
        first_day = max(wish.last_day + timedelta(days=1), self._facts.today())
        later = msgspec.structs.replace(
            wish, first_day=first_day, last_day=first_day + timedelta(days=SEARCHED_DAYS - 1), limit=1
        )
        found = await self._database.first(SQL.slots, Stretch, **msgspec.structs.asdict(later))
        return None if found is None else found.starts_at.date()
