"""The positions of employees in the database.

Each change locks the employee first and looks then, so that he has one primary position whoever else changes them. It
counts as a change of the employee.
"""

from dcms.assignments.structs import AssignedPosition
from dcms.database.lists import Ordering, page
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.pages import Page, PageRequest

SQL = queries("assignments")
EMPLOYEES = queries("employees")

PRIMARY_FIRST = Ordering(("is_secondary", "employee_position_id"))


class AssignmentRepository:
    """Reads and writes the positions of employees."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, employee_id: int, request: PageRequest) -> tuple[Page[AssignedPosition], int]:
        """An employee's positions, the primary one first, and his version."""
        # the version first: it may be older than what follows, but never newer
        version = await self._database.one(EMPLOYEES.version, int, employee_id=employee_id)
        positions = await page(
            self._database, SQL.find, AssignedPosition, [], PRIMARY_FIRST, request, employee_id=employee_id
        )
        return positions, version

    async def add(self, employee_id: int, position_id: int) -> tuple[AssignedPosition, bool]:
        """Give an employee a position; whether he didn't have it."""
        async with self._database.transaction():
            await self._database.one(SQL.lock, int, employee_id=employee_id, position_id=position_id)
            is_new = await self._database.execute(SQL.add, employee_id=employee_id, position_id=position_id) == 1
            return await self._get(employee_id, position_id), is_new

    async def make_primary(self, employee_id: int, position_id: int) -> AssignedPosition:
        """Make a position the employee's primary one."""
        async with self._database.transaction():
            await self._database.one(SQL.lock, int, employee_id=employee_id, position_id=position_id)
            await self._database.execute(SQL.make_primary, employee_id=employee_id, position_id=position_id)
            return await self._get(employee_id, position_id)

    async def remove(self, employee_id: int, position_id: int) -> None:
        """Take a position from an employee; of a primary one the oldest of the others takes the place."""
        async with self._database.transaction():
            await self._database.one(SQL.lock, int, employee_id=employee_id, position_id=position_id)
            await self._database.one(SQL.remove, int, employee_id=employee_id, position_id=position_id)

    async def _get(self, employee_id: int, position_id: int) -> AssignedPosition:
        return await self._database.get(SQL.get, AssignedPosition, employee_id=employee_id, position_id=position_id)
