"""A standby that answers readings which may be stale, and how stale it is: see decision 26.

Twice a second the primary is asked where it is in its log, and the standby how far it has come. What the primary had
committed before it was asked, a standby shows that has come to its answer.
"""

import asyncio
import contextlib
import time
from collections import deque
from typing import NamedTuple

import asyncpg
import msgspec
import structlog

from dcms.database import hosts
from dcms.database.codecs import Clock, set_codecs
from dcms.database.connections import Connections
from dcms.database.failures import AWAY
from dcms.database.pool import (
    ACQUIRE_TIMEOUT_S,
    COMMAND_TIMEOUT_S,
    CONNECT_OPTIONS,
    IDLE_S,
    STATEMENTS_KEPT,
    Database,
    fill,
)
from dcms.database.queries import queries
from dcms.settings import Settings
from dcms.tasks import end
from dcms.web.problems import Unavailable

SQL = queries("database")

INTERVAL_S = 0.5
TIMEOUT_S = 1.0
# an hour of them; those that the standby has come past are not needed any more
SAMPLES_KEPT = 7200
OPTIONS = CONNECT_OPTIONS | {"timeout": TIMEOUT_S, "target_session_attrs": "standby"}
FAILURES = (*AWAY, asyncpg.PostgresError, Unavailable)
NEVER = float("-inf")

log = structlog.get_logger()


class Position(msgspec.Struct, order=True):
    """A place in the log. A promoted server begins another timeline; both texts have eight digits."""

    timeline: str
    position: int


START = Position("", 0)


class Sample(NamedTuple):
    """A time, and the place before which lies whatever was committed by then."""

    at: float
    position: int


class Standby:
    """The connections to the standby, and the time up to which it is known to have everything."""

    def __init__(self, url: str, database: Database, clock: Clock, pool_size: int) -> None:
        self.url = url
        self._database = database
        self._clock = clock
        self._pool_size = pool_size
        self._timeline = START.timeline
        self._samples: deque[Sample] = deque(maxlen=SAMPLES_KEPT)
        self._replayed = START
        self._complete_until = NEVER
        # None: not asked yet
        self._is_usable: bool | None = None
        self._connection: asyncpg.Connection | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def staleness_s(self) -> float:
        """How old the newest of what it may lack is at the most; infinite when it can't be used."""
        return time.monotonic() - self._complete_until if self._is_usable else float("inf")

    async def start(self) -> None:
        """Offer the standby's connections, and begin looking how far it is; it isn't used before that is known."""
        self._timeline, self._replayed = START.timeline, START
        self._complete_until, self._is_usable = NEVER, None
        self._samples.clear()
        self._database.standby = Connections(self._connect, self._pool_size, ACQUIRE_TIMEOUT_S, IDLE_S)
        self._task = asyncio.create_task(self._look_for_ever())

    async def stop(self) -> None:
        """End the looking and close the connections."""
        await end(self._task)
        self._is_usable = False
        self._disconnect()
        if self._database.standby is not None:
            await self._database.standby.close(COMMAND_TIMEOUT_S)
            self._database.standby = None

    async def _look_for_ever(self) -> None:
        while True:
            try:
                await self._look()
            except Exception:
                # a bug; the primary answers everything, but the looking must go on
                log.exception("standby.failed")
                self._is_usable = False
            await asyncio.sleep(INTERVAL_S)

    async def _look(self) -> None:
        """Ask both. Without the primary the standby may go on being used, growing older."""
        with contextlib.suppress(*FAILURES):
            async with asyncio.timeout(TIMEOUT_S):
                await self._sample()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                if self._connection is None or self._connection.is_closed():
                    self._connection = await hosts.connect(self.url, **OPTIONS)
                await self._follow(self._connection)
        except FAILURES as error:
            if self._is_usable is not False:
                log.warning("standby.lost", error=type(error).__name__)
            self._is_usable = False
            self._disconnect()
        else:
            if not self._is_usable:
                log.info("standby.found")
            self._is_usable = True

    async def _sample(self) -> None:
        at = time.monotonic()
        current = await self._database.one(SQL.position, Position)
        if current.timeline != self._timeline:
            # another server takes writes now
            self._timeline = current.timeline
            self._samples.clear()
        self._samples.append(Sample(at, current.position))

    async def _follow(self, connection: asyncpg.Connection) -> None:
        """Take in how far the standby is. Raises Unavailable when it takes writes or is not as far as it was."""
        known = self._replayed
        record = await connection.fetchrow(SQL.replayed.text)
        if record is None or (replayed := fill(Position, record)) < known:
            raise Unavailable
        self._replayed = max(self._replayed, replayed)
        timeline, position = self._replayed.timeline, self._replayed.position
        while len(self._samples) > 1 and self._samples[1].position <= position:
            self._samples.popleft()
        if timeline == self._timeline and self._samples and self._samples[0].position <= position:
            self._complete_until = self._samples[0].at

    async def _connect(self) -> asyncpg.Connection:
        connection = await hosts.connect(self.url, statement_cache_size=STATEMENTS_KEPT, **OPTIONS)
        try:
            await set_codecs(connection, self._clock)
            # a server that was killed may begin again further back
            await self._follow(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def standby_of(settings: Settings, database: Database, clock: Clock) -> Standby | None:
    """The standby of the settings, if they name one."""
    if settings.standby_url is None:
        return None
    return Standby(settings.standby_url, database, clock, settings.pool_size)
