"""Teeth in the database."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from dcms.database.lists import Ordering, page, word
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.teeth.structs import CodedTooth, Dentition, NewToothDefinition, ToothDefinition, ToothDefinitionChanges
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Conflict

SQL = queries("teeth")

BY_ID = Ordering(("tooth_id",))


class ToothRepository:
    """Reads and writes the definitions of teeth."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, tooth_id: int) -> ToothDefinition:
        """One tooth."""
        return await self._database.get(SQL.get, ToothDefinition, tooth_id=tooth_id)

    async def find(self, system: str | None, dentition: Dentition | None, request: PageRequest) -> Page[CodedTooth]:
        """Teeth by their ids."""
        filters = [word("dentition", dentition)]
        return await page(self._database, SQL.find, CodedTooth, filters, BY_ID, request, system=system)

    async def add(self, new: NewToothDefinition) -> ToothDefinition:
        """Add an extra tooth."""
        with _unique_codes():
            return await self._database.one(SQL.add, ToothDefinition, tooth=msgspec.to_builtins(new))

    async def update(self, tooth_id: int, changes: ToothDefinitionChanges) -> ToothDefinition:
        """Change a tooth."""
        with _unique_codes():
            return await self._database.one(
                SQL.update, ToothDefinition, tooth_id=tooth_id, changes=msgspec.to_builtins(changes)
            )


@contextmanager
def _unique_codes() -> Iterator[None]:
    taken = "Another tooth has it."
    with (
        on_constraint("tooth_definition_pkey", Conflict("duplicate", taken, field="tooth_id")),
        on_constraint("tooth_definition_universal_unique", Conflict("duplicate", taken, field="universal")),
        on_constraint("tooth_definition_palmer_unique", Conflict("duplicate", taken, field="palmer")),
    ):
        yield
