"""Asks the database whether the service is ready, as seldom as can be: health checks must not be a load."""

import asyncio
import time

import asyncpg

from dcms import __version__
from dcms.database.failures import AWAY
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.operations.structs import Backlog, DatabaseHealth, Health, MigrationHealth
from dcms.paths import MIGRATIONS_DIR
from dcms.web.problems import Problem

SQL = queries("operations")

KEPT_S = 0.25
TIMEOUT_S = 1.0
FAILURES = (*AWAY, asyncpg.PostgresError, Problem)


class Probe:
    """The state of the service, asked for at most four times a second, however many want to know."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known = frozenset(
            path.stem for path in MIGRATIONS_DIR.glob("*.sql") if not path.name.endswith(".rollback.sql")
        )
        self._asking: asyncio.Task[Health] | None = None
        self._answered_at = float("-inf")

    async def health(self) -> Health:
        """Whether the service is ready; never raises, and never waits long."""
        asking = self._asking
        if asking is None or (asking.done() and time.monotonic() - self._answered_at > KEPT_S):
            asking = self._asking = asyncio.create_task(self._ask())
        # A question that hangs goes on to its own time limit: taking it back would wait for the database as well.
        done, _ = await asyncio.wait({asking}, timeout=TIMEOUT_S)
        return asking.result() if done else _health(DatabaseHealth(False, None, None), None)

    async def backlog(self) -> Backlog | None:
        """What waits for a worker; None when the database can't say."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._database.one(SQL.backlog, Backlog)
        except FAILURES:
            return None

    async def _ask(self) -> Health:
        database, pending = DatabaseHealth(False, None, None), None
        try:
            started = time.perf_counter()
            server_version = await self._database.one(SQL.ping, str)
            latency_ms = round((time.perf_counter() - started) * 1000, 2)
            database = DatabaseHealth(True, latency_ms, server_version)
            pending = self._known.difference(await self._database.all(SQL.applied_migrations, str))
        except FAILURES:
            pass
        self._answered_at = time.monotonic()
        if pending is None:
            return _health(database, None)
        return _health(database, MigrationHealth(not pending, len(self._known) - len(pending), len(pending)))


def _health(database: DatabaseHealth, migrations: MigrationHealth | None) -> Health:
    migrations = migrations or MigrationHealth(False, None, None)
    is_ready = database.ok and migrations.ok
    return Health("ok" if is_ready else "unavailable", __version__, database, migrations)
