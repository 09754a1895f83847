"""What has changed since tokens were signed and settings were read, polled by every process.

A signed token can't know that its session was ended or its user changed. Each process reads the changes
several times a second on a connection of its own; a process that could not for most of a second asks the
database for each request instead. So whatever is cut, a revocation counts within one second.
"""

import asyncio
import contextlib
import time
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

import asyncpg
import msgspec
import structlog

from dcms.access.callers import Caller
from dcms.access.permissions import Role
from dcms.access.tokens import IMPERSONATION_S
from dcms.database import hosts
from dcms.database.codecs import set_codecs
from dcms.database.failures import AWAY
from dcms.database.pool import CONNECT_OPTIONS, CONNECT_TIMEOUT_S, SERVER_SETTINGS, Database, fill
from dcms.database.queries import queries
from dcms.tasks import end
from dcms.web.problems import Unauthenticated

SQL = queries("access")

POLL_INTERVAL_S = 0.25
POLL_TIMEOUT_S = 0.7
# A reading older than this counts for nothing.
FRESH_FOR_S = 0.8
# a name of its own, by which it can be told from the pool's in pg_stat_activity
NAME = "dcms watch"
OPTIONS = CONNECT_OPTIONS | {"server_settings": SERVER_SETTINGS | {"application_name": NAME}}

log = structlog.get_logger()


class ClinicFacts:
    """What every process must know of the clinic's settings, as of the last reading."""

    def __init__(self) -> None:
        self.zone: tzinfo = UTC
        self.default_region = "DE"
        self.currency = "EUR"

    def today(self) -> date:
        """The clinic's local day."""
        return datetime.now(self.zone).date()


class UserAccess(msgspec.Struct):
    """A user as he is now."""

    user_id: int
    roles: list[Role]
    is_active: bool
    must_change_password: bool
    patient_id: int | None
    employee_id: int | None


class Changes(msgspec.Struct):
    """One reading."""

    xmin: str
    timezone: str
    default_region: str
    currency: str
    ended_sessions: list[int]
    users: list[dict[str, object]]


class SessionState(msgspec.Struct):
    """Whether a session lives, and its user as he is now."""

    is_live: bool
    access: dict[str, object]


class Watch:
    """The changes that tokens don't know."""

    def __init__(self, url: str, database: Database, facts: ClinicFacts, access_token_ttl_s: int) -> None:
        self.url = url
        self._database = database
        self.facts = facts
        # older changes can't contradict a token that still counts
        self._window_s = max(access_token_ttl_s, IMPERSONATION_S) + 60
        self._xmin = "0"
        self._read_at = float("-inf")
        self._ended: dict[int, float] = {}
        self._users: dict[int, tuple[UserAccess, float]] = {}
        self._connection: asyncpg.Connection | None = None
        self._reading = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether the last reading still counts."""
        return self.age_s < FRESH_FOR_S

    @property
    def age_s(self) -> float:
        """Since the last reading; infinite before the first."""
        return time.monotonic() - self._read_at

    async def start(self) -> None:
        """Read once, so that nobody is let in on old knowledge, and go on reading."""
        self._xmin, self._read_at = "0", float("-inf")
        self._ended, self._users = {}, {}
        await self.refresh()
        self._task = asyncio.create_task(self._poll())

    async def stop(self) -> None:
        """End the reading."""
        await end(self._task)
        if self._connection is not None:
            self._connection.terminate()

    async def check(self, caller: Caller) -> Caller:
        """The caller as he is now. Raises Unauthenticated when the session ended or the user is disabled."""
        if not self.is_fresh:
            return await self.ask(caller)
        if caller.session_id in self._ended:
            raise Unauthenticated("The session has ended.")
        known = self._users.get(caller.user_id)
        if known is None:
            return caller
        # he may have been enabled a moment ago
        return _apply(caller, known[0]) if known[0].is_active else await self.ask(caller)

    async def ask(self, caller: Caller) -> Caller:
        """The caller as the database has him. Raises Unauthenticated like `check`."""
        state = await self._database.first(
            SQL.session_state, SessionState, session_id=caller.session_id, user_id=caller.user_id
        )
        if state is None or not state.is_live:
            raise Unauthenticated("The session has ended.")
        return _apply(caller, msgspec.convert(state.access, UserAccess))

    async def refresh(self) -> None:
        """Read at once what this process has just written; a failure is left to the next reading."""
        with contextlib.suppress(*AWAY, asyncpg.PostgresError):
            await self.read()

    async def read(self) -> None:
        """Take in what has changed since the last reading."""
        asked = time.monotonic()
        async with self._reading:
            # one reading does for all who asked before it began
            if self._read_at > asked:
                return
            try:
                await self._read()
            except BaseException:
                # what could not be read may have been a revocation: until the next reading the database is asked
                self._read_at = float("-inf")
                if self._connection is not None:
                    self._connection.terminate()
                    self._connection = None
                raise

    async def _read(self) -> None:
        started = time.monotonic()
        async with asyncio.timeout(POLL_TIMEOUT_S if self._connection else CONNECT_TIMEOUT_S):
            if self._connection is None or self._connection.is_closed():
                self._connection = await hosts.connect(self.url, **OPTIONS)
                await set_codecs(self._connection, self.facts)
                # it may be another server, which counts its transactions differently
                self._xmin = "0"
            query = SQL.changes
            record = await self._connection.fetchrow(
                query.text, *query.bind({"since": self._xmin, "window_s": self._window_s})
            )
        assert record is not None
        changes = fill(Changes, record)
        for session_id in changes.ended_sessions:
            self._ended[session_id] = started
        for user in changes.users:
            access = msgspec.convert(user, UserAccess)
            self._users[access.user_id] = (access, started)
        if str(self.facts.zone) != changes.timezone:
            self.facts.zone = ZoneInfo(changes.timezone)
        self.facts.default_region = changes.default_region
        self.facts.currency = changes.currency
        self._xmin = changes.xmin
        self._read_at = started
        self._forget(started - self._window_s)

    async def _poll(self) -> None:
        while True:
            try:
                await self.read()
            except (*AWAY, asyncpg.PostgresError) as error:
                log.warning("watch.failed", error=type(error).__name__)
            except Exception:
                # a bug; without readings every request asks the database, but the reading must go on
                log.exception("watch.failed")
            await asyncio.sleep(POLL_INTERVAL_S)

    def _forget(self, before: float) -> None:
        if len(self._ended) + len(self._users) > 1000:
            self._ended = {key: at for key, at in self._ended.items() if at >= before}
            self._users = {key: value for key, value in self._users.items() if value[1] >= before}


def _apply(caller: Caller, access: UserAccess) -> Caller:
    if not access.is_active:
        raise Unauthenticated("The user is disabled.")
    return caller.with_access(
        frozenset(access.roles), access.patient_id, access.employee_id, access.must_change_password
    )
