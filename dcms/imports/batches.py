"""Puts rows into the database, a batch in one statement and one transaction; a row that won't do costs only itself."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Protocol

import asyncpg

from dcms.access.permissions import Permission
from dcms.database.failures import AWAY, RETRYABLE, problem_of_failure
from dcms.database.pool import Database
from dcms.imports.cells import RowReader
from dcms.imports.report import refusals_of
from dcms.imports.repository import ImportRepository
from dcms.imports.structs import Counts, Entry, Kind, Line, Record, Refusal
from dcms.web.problems import FieldError, Invalid, Problem, TimedOut, Unavailable

ATTEMPTS = 6
PAUSE_S = 0.2
# somebody else holds what a batch needs, or was first: the same again may go through
PASSING = (*RETRYABLE, asyncpg.LockNotAvailableError)


class Rows(Protocol):
    """What patients and appointments differ in."""

    kind: Kind
    # what whoever imports them must hold
    permissions: tuple[Permission, ...]

    async def check(self, records: list[Record]) -> tuple[list[Entry], list[Refusal]]: ...

    async def hold(self, entries: list[Entry]) -> None: ...

    async def add(self, entries: list[Entry]) -> int: ...


def batches(lines: Iterable[Line], reader: RowReader, size: int) -> Iterator[list[Line]]:
    """Rows in batches. One that says an id again waits for the next, so that it finds the first one stored."""
    batch: list[Line] = []
    source_ids: set[str] = set()
    for line in lines:
        source_id = reader.source_id(line)
        if len(batch) == size or (source_id and source_id in source_ids):
            yield batch
            batch, source_ids = [], set()
        batch.append(line)
        source_ids.add(source_id)
    if batch:
        yield batch


class Importer:
    """Takes batches in."""

    def __init__(
        self, database: Database, repository: ImportRepository, reader: RowReader, rows: Rows, is_dry_run: bool
    ) -> None:
        self._database = database
        self._repository = repository
        self._reader = reader
        self._rows = rows
        self._is_dry_run = is_dry_run
        self.counts = Counts()

    async def take(self, lines: list[Line]) -> list[Refusal]:
        """Take a batch in; what is to be reported of it."""
        refusals = [_unreadable(line) for line in lines if line.fault]
        records, changes = await self._new_ones([self._reader.read(line) for line in lines if not line.fault])
        entries, faults = await self._rows.check(records)
        refusals += faults
        if entries:
            refusals += await self._store(entries)
        self.counts.changed += len(changes)
        self.counts.refused += len({refusal.row for refusal in refusals})
        return refusals + changes

    async def _new_ones(self, records: list[Record]) -> tuple[list[Record], list[Refusal]]:
        """The rows that are not in yet, and those that are in and said something else."""
        known = await self._repository.known(self._rows.kind, [record.source_id for record in records])
        new = [record for record in records if record.source_id not in known]
        changed = [
            Refusal(record.row, record.source_id, "changed", "", "was imported with other content: left as it is")
            for record in records
            if record.source_id in known and known[record.source_id].hex() != record.digest
        ]
        self.counts.known += len(records) - len(new) - len(changed)
        return new, changed

    async def _store(self, entries: list[Entry]) -> list[Refusal]:
        added, refusals = await self._try(entries, ATTEMPTS)
        self.counts.added += added
        # another run was faster with the rest
        self.counts.known += len(entries) - added - len({refusal.row for refusal in refusals})
        return refusals

    async def _try(self, entries: list[Entry], attempts: int) -> tuple[int, list[Refusal]]:
        refusals: list[Refusal] = []
        try:
            async with self._database.rehearsal() if self._is_dry_run else self._database.transaction():
                await self._rows.hold(entries)
                return await self._add(entries, refusals), refusals
        except PASSING:
            if attempts == 1:
                raise
            await asyncio.sleep(PAUSE_S)
            return await self._try(entries, attempts - 1)

    async def _add(self, entries: list[Entry], refusals: list[Refusal]) -> int:
        """Add rows; when one of them won't do, each half by itself, in order, so the outcome is that of one by one."""
        try:
            async with self._database.transaction() as connection, connection.transaction():
                return await self._rows.add(entries)
        except PASSING:
            raise
        except (asyncpg.PostgresError, Problem, TimeoutError) as error:
            if isinstance(error, AWAY) and not isinstance(error, TimeoutError):
                raise
            if len(entries) > 1:
                half = len(entries) // 2
                return await self._add(entries[:half], refusals) + await self._add(entries[half:], refusals)
            problem = error if isinstance(error, Problem) else problem_of_failure(error)
            if problem is None or isinstance(problem, Unavailable | TimedOut):
                raise
            refusals += refusals_of(entries[0].record, problem)
            return 0


def _unreadable(line: Line) -> Refusal:
    problem = Invalid.of_fields([FieldError("", line.fault or "")])
    return refusals_of(Record(line.number, "", {}, []), problem)[0]
