"""Merges in the database."""

from collections.abc import Iterable

import msgspec

from dcms.appointments.structs import Appointment
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.merges.structs import FieldChoices, FoundMerge, KeptRow, Merged, TableCount, Unmerged
from dcms.patients.structs import Patient
from dcms.web.problems import Conflict, Invalid, Overtaken

SQL = queries("merges")
PATIENTS = queries("patients")


class MergeRepository:
    """Merges patients, and undoes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def merge(self, target_id: int, source_id: int, fields: FieldChoices) -> Merged:
        """Move everything of the source to the target; nothing when it is done already."""
        _require_two(target_id, source_id)
        async with self._database.transaction():
            await self._database.execute(SQL.take_turn)
            is_done = await self._database.one(SQL.lock, bool, target_id=target_id, source_id=source_id)
            moved = await self._nothing() if is_done else await self._merge(target_id, source_id, fields)
            return Merged(await self._patient(target_id), moved, dry_run=False)

    async def rehearse(self, target_id: int, source_id: int, fields: FieldChoices) -> Merged:
        """What a merge would do: it is done, and undone at once."""
        async with self._database.rehearsal():
            merged = await self.merge(target_id, source_id, fields)
        return msgspec.structs.replace(merged, dry_run=True)

    async def unmerge(self, target_id: int, source_id: int) -> Unmerged:
        """Put back what a merge moved, as far as it is still there; nothing when it is undone already."""
        _require_two(target_id, source_id)
        async with self._database.transaction():
            await self._database.execute(SQL.take_turn)
            await self._database.one(SQL.lock_merged, int, target_id=target_id, source_id=source_id)
            found = await self._database.first(SQL.find, FoundMerge, target_id=target_id, source_id=source_id)
            if found is None:
                raise Conflict("not_merged")
            returned, kept = await self._nothing(), []
            if not found.is_undone:
                returned = await self._unmerge(found.merge_id, target_id, source_id)
                kept = await self._database.all(SQL.kept, KeptRow, merge_id=found.merge_id, target_id=target_id)
            return Unmerged(await self._patient(target_id), await self._patient(source_id), returned, kept)

    async def _merge(self, target_id: int, source_id: int, fields: FieldChoices) -> dict[str, int]:
        of_target = await self._overlapping(target_id, source_id)
        if of_target:
            of_source = await self._overlapping(source_id, target_id)
            raise Conflict("overlapping_appointments", target=of_target, source=of_source)
        pair = {"target_id": target_id, "source_id": source_id}
        choices = msgspec.to_builtins(fields)
        merge_id = await self._database.one(SQL.begin, int, fields=choices, **pair)
        await self._database.execute(SQL.unite_numbers, merge_id=merge_id, **pair)
        return _counts(await self._database.all(SQL.move, TableCount, merge_id=merge_id, **pair))

    async def _unmerge(self, merge_id: int, target_id: int, source_id: int) -> dict[str, int]:
        pair = {"target_id": target_id, "source_id": source_id}
        # somebody who is linked to the login at this moment was quicker
        with on_constraint("patient_user_unique", Overtaken()):
            await self._database.one(SQL.undo, int, merge_id=merge_id, target_id=target_id)
        returned = await self._database.all(SQL.put_back, TableCount, merge_id=merge_id, **pair)
        await self._database.execute(SQL.restore_numbers, merge_id=merge_id, source_id=source_id)
        await self._database.execute(SQL.name_primaries, merge_id=merge_id, **pair)
        return _counts(returned)

    async def _overlapping(self, patient_id: int, other_id: int) -> list[Appointment]:
        return await self._database.all(SQL.overlapping, Appointment, patient_id=patient_id, other_id=other_id)

    async def _patient(self, patient_id: int) -> Patient:
        return await self._database.one(PATIENTS.get, Patient, patient_id=patient_id)

    async def _nothing(self) -> dict[str, int]:
        return dict.fromkeys(await self._database.all(SQL.tables, str), 0)


def _counts(rows: Iterable[TableCount]) -> dict[str, int]:
    return {row.table_name: row.number for row in rows}


def _require_two(target_id: int, source_id: int) -> None:
    if target_id == source_id:
        raise Invalid.of("source_patient_id", "is the same patient")
