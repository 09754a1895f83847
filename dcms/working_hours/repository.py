"""Working hours in the database."""

import msgspec

from dcms.database.lists import Ordering, page
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.pages import Page, PageRequest
from dcms.working_hours.structs import WorkingHours

SQL = queries("working_hours")
EMPLOYEES = queries("employees")

BY_TIME = Ordering(("weekday", "opens", "valid_since"))


class WorkingHoursRepository:
    """Reads and writes the hours of employees."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, employee_id: int, request: PageRequest) -> tuple[Page[WorkingHours], int]:
        """An employee's hours, and his version."""
        # the version first: it may be older than what follows, but never newer
        version = await self._database.one(EMPLOYEES.version, int, employee_id=employee_id)
        hours = await page(self._database, SQL.find, WorkingHours, [], BY_TIME, request, employee_id=employee_id)
        return hours, version

    async def replace(
        self, employee_id: int, hours: list[WorkingHours], request: PageRequest
    ) -> tuple[Page[WorkingHours], int]:
        """Make an employee's hours these, which is one change of him, or none when they are these already."""
        async with self._database.transaction():
            await self._database.one(EMPLOYEES.lock, int, employee_id=employee_id)
            await self._database.execute(SQL.replace, employee_id=employee_id, hours=msgspec.to_builtins(hours))
            return await self.find(employee_id, request)
