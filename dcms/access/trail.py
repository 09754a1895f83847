"""Entries of the audit log that are not writes: readings, denials. Collected, and written several times a second.

Writes are logged by the database's triggers, in their own transaction. A reading may be written up to a
second later; when the collection is full, requests wait for it.
"""

import asyncio
import contextlib
import itertools
import time
from collections import deque
from datetime import UTC, datetime
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
STOP_PATIENCE_S = 5

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
    # when the context has no caller yet
    actor_id: int | None = None

    def row(self) -> dict[str, Any]:
        """The entry as the insert reads it."""
        return {
            **self.context.audit(),
            **({} if self.actor_id is None else {"actor_id": self.actor_id}),
            "action": self.action,
            "entity": self.entity,
            "entity_id": self.entity_id,
            "patient_id": self.patient_id,
            "patient_ids": self.patient_ids,
            "after": self.after,
        }


class AuditTrail:
    """Collects entries and writes them together, in the order in which they came."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[dict[str, Any]] = deque()
        self._room = asyncio.Event()
        self._writing = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def add(self, note: Note) -> None:
        """Take an entry in; waits when too many are waiting."""
        row = {**note.row(), "at": datetime.now(UTC)}
        while len(self._waiting) >= MAX_WAITING:
            self._room.clear()
            await self._room.wait()
        self._waiting.append(row)

    async def write_now(self, note: Note) -> None:
        """Write an entry at once, in the transaction of the current task if there is one."""
        await self._database.execute(SQL.write, notes=[note.row()])

    async def start(self) -> None:
        """Begin writing."""
        self._stopping.clear()
        self._task = asyncio.create_task(self._write_until_stopped())

    async def stop(self) -> None:
        """Write what is waiting, and end; a database that is away is given some seconds to come back."""
        self._stopping.set()
        if self._task is not None:
            await self._task
            self._task = None
        deadline = time.monotonic() + STOP_PATIENCE_S
        for _ in range(round(STOP_PATIENCE_S / INTERVAL_S)):
            if await self.flush() or time.monotonic() > deadline:
                break
            await asyncio.sleep(INTERVAL_S)
        if self._waiting:
            log.error("audit.lost", entries=len(self._waiting))
            self._waiting.clear()

    async def flush(self) -> bool:
        """Write what is waiting; False when the database can't take it now, and it goes on waiting."""
        async with self._writing:
            while self._waiting:
                rows = list(itertools.islice(self._waiting, BATCH))
                try:
                    await self._write(rows)
                except (*AWAY, asyncpg.PostgresError, Problem) as error:
                    log.warning("audit.delayed", error=type(error).__name__, entries=len(self._waiting))
                    return False
                # only now: whatever interrupts the writing, nothing has been taken out that isn't written
                for _ in rows:
                    self._waiting.popleft()
                self._room.set()
        return True

    async def _write_until_stopped(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), INTERVAL_S)
            await self.flush()

    async def _write(self, rows: list[dict[str, Any]]) -> None:
        """Write entries; one that can't be stored must not hold up the others for ever."""
        try:
            await self._database.execute(SQL.write, notes=rows)
        except asyncpg.DataError as error:
            if len(rows) == 1:
                log.error("audit.refused", error=type(error).__name__, request_id=rows[0]["request_id"])
                return
            for row in rows:
                await self._write([row])
