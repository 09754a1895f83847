"""Treatments in the database."""

from datetime import date

import msgspec

from dcms.database.lists import Filter, Ordering, one_of, page, words
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.treatment_items.rows import item_rows
from dcms.treatments.structs import NewTreatment, Treatment, TreatmentChanges, TreatmentStatus, WholeTreatment
from dcms.web.pages import Page, PageRequest

SQL = queries("treatments")
ITEMS = queries("treatment_items")

NEWEST_FIRST = Ordering(("performed_on", "treatment_id"), descending=True)


class TreatmentFilters(msgspec.Struct):
    """What a list of treatments may be asked for."""

    patient_id: int | None
    doctor_ids: list[int] | None
    statuses: list[TreatmentStatus] | None
    # both included
    first_day: date | None
    last_day: date | None


class TreatmentRepository:
    """Reads and writes treatments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, treatment_id: int) -> WholeTreatment:
        """One treatment with its items."""
        return await self._database.get(SQL.get, WholeTreatment, treatment_id=treatment_id)

    async def find(self, wanted: TreatmentFilters, request: PageRequest) -> Page[Treatment]:
        """Treatments, newest day first."""
        filters = [
            Filter("patient_id", "eq", wanted.patient_id),
            one_of("doctor_id", wanted.doctor_ids),
            words("status", wanted.statuses),
            Filter("performed_on", "gte", wanted.first_day),
            Filter("performed_on", "lte", wanted.last_day),
        ]
        return await page(self._database, SQL.find, Treatment, filters, NEWEST_FIRST, request)

    async def find_of_patient(self, wanted: TreatmentFilters, request: PageRequest) -> Page[Treatment]:
        """A patient's treatments. Raises NotFound when there is no such patient."""
        found = await self.find(wanted, request)
        if not found.items:
            await self._database.one(SQL.patient, int, patient_id=wanted.patient_id)
        return found

    async def find_by_tooth(self, patient_id: int, tooth_id: int, request: PageRequest) -> Page[WholeTreatment]:
        """A patient's treatments of one tooth, newest day first, with only the items on that tooth."""
        found = await page(
            self._database,
            SQL.find_by_tooth,
            WholeTreatment,
            [],
            NEWEST_FIRST,
            request,
            patient_id=patient_id,
            tooth_id=tooth_id,
        )
        if not found.items:
            await self._database.one(SQL.patient, int, patient_id=patient_id)
        return found

    async def add(self, new: NewTreatment) -> WholeTreatment:
        """Add a treatment with its items and their teeth."""
        treatment = msgspec.to_builtins(new)
        del treatment["items"]
        rows = item_rows(new.items, [f"items[{index}]." for index in range(len(new.items))])
        async with self._database.transaction():
            treatment_id = await self._database.one(
                SQL.add, int, treatment=treatment, items=rows.items, teeth=rows.teeth
            )
            if rows.items:
                await self._database.execute(ITEMS.add, treatment_id=treatment_id, items=rows.items, teeth=rows.teeth)
            return await self.get(treatment_id)

    async def update(self, treatment_id: int, changes: TreatmentChanges) -> WholeTreatment:
        """Change a treatment."""
        async with self._database.transaction():
            await self._database.one(SQL.update, int, treatment_id=treatment_id, changes=msgspec.to_builtins(changes))
            return await self.get(treatment_id)

    async def delete(self, treatment_id: int) -> None:
        """Take a treatment away, with its items and their teeth."""
        async with self._database.transaction():
            await self._database.one(SQL.touch, int, treatment_id=treatment_id)
            await self._database.one(SQL.delete, int, treatment_id=treatment_id)
