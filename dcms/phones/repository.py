"""Who holds which phone number: patients and employees, by the same rules."""

from typing import Generic, NamedTuple, TypeVar

import msgspec

from dcms.database.lists import Ordering, page
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import Query, queries
from dcms.phones.numbers import number_row
from dcms.phones.structs import (
    EmployeePhoneNumber,
    EmployeePhoneNumberChanges,
    NewPhoneNumber,
    PhoneNumber,
    PhoneNumberChanges,
)
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Conflict

T = TypeVar("T")
P = TypeVar("P", bound=msgspec.Struct)

PATIENTS = queries("phones")
EMPLOYEES = queries("employee_phones")

OLDEST_FIRST = Ordering(("phone_number_id",))
NUMBER_HELD_ALREADY = Conflict("duplicate", "The number is there already.", field="number")


class Statement(NamedTuple, Generic[T]):
    """A statement and what its rows become."""

    query: Query
    row: type[T]


class Holding(msgspec.Struct, Generic[P], frozen=True):
    """The statements for one kind of holder."""

    # refuses the same number twice
    constraint: str
    find: Statement[P]
    get: Statement[P]
    holder: Statement[int]
    lock_holder: Statement[int]
    lock: Statement[int]
    add: Statement[int]
    update: Statement[int]
    remove: Statement[int]
    make_primary: Statement[int]


class PhoneRepository(Generic[P]):
    """Reads and writes who holds which number.

    Exactly one number of a holder is primary, as long as there is any: whoever changes his numbers locks him first,
    and looks at them in a statement of its own after that.
    """

    def __init__(self, database: Database, holding: Holding[P]) -> None:
        self._database = database
        self._holding = holding

    async def find(self, holder_id: int, request: PageRequest) -> Page[P]:
        """The numbers of a holder."""
        found = await page(self._database, *self._holding.find, [], OLDEST_FIRST, request, holder_id=holder_id)
        if not found.items:
            await self._database.one(*self._holding.holder, holder_id=holder_id)
        return found

    async def get(self, phone_number_id: int) -> P:
        """One hold on a number."""
        return await self._database.get(*self._holding.get, phone_number_id=phone_number_id)

    async def add(self, holder_id: int, new: NewPhoneNumber) -> P:
        """Give a holder one more number."""
        with on_constraint(self._holding.constraint, NUMBER_HELD_ALREADY):
            async with self._database.transaction():
                await self._database.one(*self._holding.lock_holder, holder_id=holder_id)
                phone_number_id = await self._database.one(
                    *self._holding.add, holder_id=holder_id, number=number_row(new.number), label=new.label
                )
                return await self.get(phone_number_id)

    async def update(self, phone_number_id: int, changes: PhoneNumberChanges | EmployeePhoneNumberChanges) -> P:
        """Change what is said of a number."""
        async with self._database.transaction():
            holder_id = await self._database.one(*self._holding.lock, phone_number_id=phone_number_id)
            await self._database.one(
                *self._holding.update,
                phone_number_id=phone_number_id,
                holder_id=holder_id,
                changes=msgspec.to_builtins(changes),
            )
            return await self.get(phone_number_id)

    async def remove(self, phone_number_id: int) -> None:
        """Take a number from its holder."""
        async with self._database.transaction():
            holder_id = await self._database.one(*self._holding.lock, phone_number_id=phone_number_id)
            await self._database.one(*self._holding.remove, phone_number_id=phone_number_id, holder_id=holder_id)

    async def make_primary(self, phone_number_id: int) -> P:
        """Make a number its holder's primary one."""
        async with self._database.transaction():
            holder_id = await self._database.one(*self._holding.lock, phone_number_id=phone_number_id)
            await self._database.one(*self._holding.make_primary, phone_number_id=phone_number_id, holder_id=holder_id)
            return await self.get(phone_number_id)


OF_PATIENTS = Holding(
    "patient_phone_number_unique",
    Statement(PATIENTS.find, PhoneNumber),
    Statement(PATIENTS.get, PhoneNumber),
    Statement(PATIENTS.holder, int),
    Statement(PATIENTS.lock_holder, int),
    Statement(PATIENTS.lock, int),
    Statement(PATIENTS.add, int),
    Statement(PATIENTS.update, int),
    Statement(PATIENTS.remove, int),
    Statement(PATIENTS.make_primary, int),
)
OF_EMPLOYEES = Holding(
    "employee_phone_number_unique",
    Statement(EMPLOYEES.find, EmployeePhoneNumber),
    Statement(EMPLOYEES.get, EmployeePhoneNumber),
    Statement(EMPLOYEES.holder, int),
    Statement(EMPLOYEES.lock_holder, int),
    Statement(EMPLOYEES.lock, int),
    Statement(EMPLOYEES.add, int),
    Statement(EMPLOYEES.update, int),
    Statement(EMPLOYEES.remove, int),
    Statement(EMPLOYEES.make_primary, int),
)
