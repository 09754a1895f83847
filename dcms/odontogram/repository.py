"""The chart's records in the database."""

from datetime import date

from dcms.database.lists import Ordering, page
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.odontogram.structs import ChartRecords, HistoryEntry
from dcms.web.pages import Page, PageRequest

SQL = queries("odontogram")
TREATMENTS = queries("treatments")

OLDEST_FIRST = Ordering(("at", "treatment_item_id"))


class OdontogramRepository:
    """Reads what charts are made of."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def chart(self, patient_id: int, system: str | None, as_of: date | None) -> ChartRecords:
        """What a patient's chart is made of at the end of a day."""
        return await self._database.one(SQL.chart, ChartRecords, patient_id=patient_id, system=system, as_of=as_of)

    async def find_history(self, patient_id: int, tooth_id: int, request: PageRequest) -> Page[HistoryEntry]:
        """What was found or done on a tooth, oldest first."""
        found = await page(
            self._database,
            SQL.find_history,
            HistoryEntry,
            [],
            OLDEST_FIRST,
            request,
            patient_id=patient_id,
            tooth_id=tooth_id,
        )
        if not found.items:
            await self._database.one(TREATMENTS.patient, int, patient_id=patient_id)
        return found
