"""Time off in the database."""

import msgspec

from dcms.appointments.structs import Appointment
from dcms.database.lists import Ordering, page
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.time_off.structs import EnteredTimeOff, NewTimeOff, TimeOff
from dcms.web.pages import Page, PageRequest

SQL = queries("time_off")
EMPLOYEES = queries("employees")

BY_START = Ordering(("starts_at", "time_off_id"))


class TimeOffRepository:
    """Reads and writes the time off of employees."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, employee_id: int, request: PageRequest) -> Page[TimeOff]:
        """An employee's time off, by start."""
        await self._database.one(EMPLOYEES.version, int, employee_id=employee_id)
        return await page(self._database, SQL.find, TimeOff, [], BY_START, request, employee_id=employee_id)

    async def add(self, employee_id: int, new: NewTimeOff) -> EnteredTimeOff:
        """Enter a time off, unless it is a dry run; with the appointments it leaves uncovered.

        Bookings with the employee wait until it is there, or are waited for and then seen.
        """
        async with self._database.transaction():
            await self._database.one(SQL.lock, int, employee_id=employee_id)
            time_off = await self._database.one(
                SQL.add, TimeOff, employee_id=employee_id, **msgspec.structs.asdict(new)
            )
            affected = await self._database.all(
                SQL.affected, Appointment, employee_id=employee_id, starts_at=new.starts_at, ends_at=new.ends_at
            )
        return EnteredTimeOff(**msgspec.structs.asdict(time_off), affected=affected)

    async def remove(self, employee_id: int, time_off_id: int) -> None:
        """Take back a time off."""
        await self._database.one(SQL.remove, int, employee_id=employee_id, time_off_id=time_off_id)
