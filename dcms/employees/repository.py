"""Employees in the database."""

import msgspec

from dcms.database.lists import Ordering, page
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.employees.structs import Employee, EmployeeChanges, NewEmployee
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Conflict

SQL = queries("employees")
USERS = queries("users")

BY_NAME = Ordering(("sort_last_name", "sort_first_name", "employee_id"))
BEST_FIRST = Ordering(("rank", "employee_id"))
USER_LINKED = Conflict("user_already_linked", "The login is linked to another employee.")


class EmployeeFilters(msgspec.Struct):
    """What a list of employees is cut down to."""

    text: str | None
    position_id: int | None
    is_bookable: bool | None
    include_archived: bool


class EmployeeRepository:
    """Reads and writes employees."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, filters: EmployeeFilters, request: PageRequest) -> Page[Employee]:
        """Employees by name; with a text the best first."""
        ordering = BEST_FIRST if filters.text else BY_NAME
        return await page(self._database, SQL.find, Employee, [], ordering, request, **msgspec.structs.asdict(filters))

    async def get(self, employee_id: int) -> Employee:
        """One employee."""
        return await self._database.get(SQL.get, Employee, employee_id=employee_id)

    async def add(self, new: NewEmployee) -> Employee:
        """Add an employee with his positions; the first one is primary."""
        return await self._database.one(
            SQL.add, Employee, employee=msgspec.to_builtins(new), position_ids=new.position_ids
        )

    async def update(self, employee_id: int, changes: EmployeeChanges) -> Employee:
        """Change an employee."""
        async with self._database.transaction():
            await self._database.one(SQL.update, int, employee_id=employee_id, changes=msgspec.to_builtins(changes))
            return await self.get(employee_id)

    async def archive(self, employee_id: int) -> Employee:
        """Archive an employee; his future appointments stand against it."""
        async with self._database.transaction():
            await self._database.one(SQL.lock, int, employee_id=employee_id)
            await self._database.one(SQL.archive, int, employee_id=employee_id)
            return await self.get(employee_id)

    async def restore(self, employee_id: int) -> Employee:
        """Take an employee out of the archive."""
        async with self._database.transaction():
            await self._database.one(SQL.restore, int, employee_id=employee_id)
            return await self.get(employee_id)

    async def link_user(self, employee_id: int, user_id: int) -> Employee:
        """Link an employee to a login of staff."""
        async with self._database.transaction():
            roles = await self._database.one(USERS.lock_roles, list, user_id=user_id)
            with on_constraint("employee_user_unique", USER_LINKED):
                await self._database.one(SQL.link_user, int, employee_id=employee_id, user_id=user_id, roles=roles)
            return await self.get(employee_id)

    async def unlink_user(self, employee_id: int) -> Employee:
        """Take the login from an employee."""
        async with self._database.transaction():
            await self._database.one(SQL.unlink_user, int, employee_id=employee_id)
            return await self.get(employee_id)
