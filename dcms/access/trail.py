"""Entries of the audit log that are not writes: readings, denials. Collected, and written several times a second.

Writes are logged by the database's triggers, in their own transaction. A reading may be written up to a
second later; when the collection is full, requests wait for it.
"""

import asyncio
import contextlib
from typing import Any

import asyncpg
import msgspec
import structlog

from dcms.context import Context
from dcms.database.failures import AWAY
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.problems import Problem

SQL = queries("audit")

INTERVAL_S = 0.25
MAX_WAITING = 10_000
BATCH = 1000

log = structlog.get_logger()


class Note(msgspec.Struct, frozen=True):
    """One entry to be."""

    context: Context
    action: str
    entity: str
    entity_id: int | None
    patient_id: int | None
    patient_ids: list[int] | None
    after: dict[str, Any] | None

    def row(self) -> dict[str, Any]:
        """The entry as the insert reads it."""
        return {
            **self.context.audit(),
            "action": self.action,
            "entity": self.entity,
            "entity_id": self.entity_id,
            "patient_id": self.patient_id,
            "patient_ids": self.patient_ids,
            "after": self.after,
        }


class AuditTrail:
    """Collects entries and writes them together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MAX_WAITING)
        self._task: asyncio.Task[None] | None = None

    async def add(self, note: Note) -> None:
        """Take an entry in; waits when too many are waiting."""
        await self._waiting.put(note.row())

    async def write_now(self, note: Note) -> None:
        """Write an entry at once, in the transaction of the current task if there is one."""
        await self._database.execute(SQL.write, notes=[note.row()])

    async def start(self) -> None:
        """Begin writing."""
        self._task = asyncio.create_task(self._write_for_ever())

    async def stop(self) -> None:
        """Write what is waiting, and end."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self.flush()

    async def _write_for_ever(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_S)
            await self.flush()

    async def flush(self) -> None:
        """Write what is waiting."""
        while not self._waiting.empty():
            notes = [self._waiting.get_nowait() for _ in range(min(BATCH, self._waiting.qsize()))]
            try:
                await asyncio.shield(self._database.execute(SQL.write, notes=notes))
            except (*AWAY, asyncpg.PostgresError, Problem) as error:
                log.warning("audit.delayed", error=type(error).__name__, entries=len(notes))
                for note in notes:
                    with contextlib.suppress(asyncio.QueueFull):
                        self._waiting.put_nowait(note)
                return
