"""Imported rows in the database."""

import msgspec

from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.imports.structs import ClinicTerms, Entry, Kind, KnownRow, NamedPatient, Resource
from dcms.patients.repository import NUMBER_TWICE, REGISTER_NUMBER_TAKEN
from dcms.web.problems import Conflict, Overtaken

SQL = queries("imports")


class ImportRepository:
    """Reads what a file's rows refer to, and adds what they say."""

    def __init__(self, database: Database, source: str) -> None:
        self._database = database
        self._source = source

    async def clinic(self) -> ClinicTerms:
        """How the clinic reads local times and numbers."""
        return await self._database.one(SQL.clinic, ClinicTerms)

    async def known(self, kind: Kind, source_ids: list[str]) -> dict[str, bytes]:
        """Those of the rows that are in, with the digests of what they said."""
        rows = await self._database.all(SQL.known, KnownRow, source=self._source, kind=kind, source_ids=source_ids)
        return {row.source_id: row.digest for row in rows}

    async def patients_of_source(self, names: list[str]) -> dict[str, int]:
        """The patients of ids of the other system."""
        rows = await self._database.all(SQL.patients_of_source, NamedPatient, source=self._source, names=names)
        return {row.name: row.id for row in rows}

    async def patients_of_register(self, names: list[str]) -> dict[str, int]:
        """The patients of register numbers."""
        rows = await self._database.all(SQL.patients_of_register, NamedPatient, names=names)
        return {row.name: row.id for row in rows}

    async def resources(self) -> list[Resource]:
        """The doctors, chairs and services by what a file may call them."""
        return await self._database.all(SQL.resources, Resource)

    async def hold(self, entries: list[Entry]) -> None:
        """Hold whom and what the appointments are about until the end of the transaction."""
        await self._database.one(
            SQL.hold,
            bool,
            patient_ids=[entry.values["patient_id"] for entry in entries],
            doctor_ids=[entry.values["doctor_id"] for entry in entries],
            chair_ids=[entry.values["chair_id"] for entry in entries],
        )

    async def add_patients(self, entries: list[Entry]) -> int:
        """Add patients; how many were not in yet. All or none: the first that won't do is raised."""
        # a number that the server chose and another took is chosen anew
        is_chosen = all(entry.values["fields"]["register_number"] is None for entry in entries)
        with (
            on_constraint("patient_register_number_unique", Overtaken() if is_chosen else REGISTER_NUMBER_TAKEN),
            on_constraint("patient_phone_number_unique", NUMBER_TWICE),
        ):
            return await self._database.one(SQL.add_patients, int, source=self._source, patients=_rows(entries))

    async def add_appointments(self, entries: list[Entry]) -> int:
        """Add appointments; how many were not in yet. All or none: the first that won't do is raised."""
        with on_constraint("appointment_claim_no_overlap", Conflict("appointment_overlap", conflicts=[])):
            return await self._database.one(
                SQL.add_appointments,
                int,
                source=self._source,
                note=f"Imported from {self._source}",
                appointments=_rows(entries),
            )


def _rows(entries: list[Entry]) -> list[dict[str, object]]:
    return [
        {
            "place": entry.record.row,
            "source_id": entry.record.source_id,
            "digest": entry.record.digest,
            **msgspec.to_builtins(entry.values),
        }
        for entry in entries
    ]
