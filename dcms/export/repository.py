"""Exports: a whole list, read in one state of the database a part at a time."""

from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec

from dcms.access.trail import AuditTrail, Note
from dcms.access.watch import Watch
from dcms.context import Context
from dcms.database.pool import Database
from dcms.export.rows import header, lines
from dcms.export.stream import ExportStream
from dcms.patients.structs import PatientFilter
from dcms.web.problems import Unavailable

# of one process: each holds a connection, and keeps the database from clearing up
MAX_EXPORTS = 2
# a part is worked on without a pause
ROWS = 200


class ExportRepository:
    """Reads patients for files."""

    def __init__(
        self,
        database: Database,
        trail: AuditTrail,
        watch: Watch,
        whole_list: Callable[[PatientFilter], tuple[str, list[Any]]],
    ) -> None:
        self._database = database
        self._trail = trail
        self._watch = watch
        self._whole_list = whole_list
        self._running = 0

    async def open(self, wanted: PatientFilter, context: Context) -> ExportStream:
        """Begin an export: its first part is read, and the audit log has it. Raises Unavailable when too many run."""
        if self._running >= MAX_EXPORTS:
            raise Unavailable("Too many exports are running.")
        parts = self._parts(wanted)
        try:
            first = await anext(parts)
            asked = {name: value for name, value in msgspec.to_builtins(wanted).items() if value is not None}
            await self._trail.write_now(Note(context, "export", "patient", None, None, None, asked))
        except BaseException:
            await parts.aclose()
            raise
        return ExportStream(first, parts, self._watch, context)

    async def _parts(self, wanted: PatientFilter) -> AsyncGenerator[bytes, None]:
        text, values = self._whole_list(wanted)
        self._running += 1
        try:
            async with self._database.snapshot() as connection:
                cursor = await connection.cursor(text, *values)
                records = await cursor.fetch(ROWS)
                yield header() + lines(records)
                while len(records) == ROWS:
                    records = await cursor.fetch(ROWS)
                    yield lines(records)
        finally:
            self._running -= 1
