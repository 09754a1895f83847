"""The changes of the last moments, read once for all listeners of this process, while there are any."""

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import Iterator
from contextvars import Context

import asyncpg
import structlog

from dcms.database.failures import AWAY
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.events.structs import Change, Position
from dcms.web.problems import Problem, TooManyRequests, Unavailable

SQL = queries("events")

POLL_INTERVAL_S = 0.3
PAGE = 1000
# what live listeners are served from; one that falls behind this is dropped and may come back for the rest
KEPT_CHANGES = 5000
# well under the requests that a process takes at once
MAX_LISTENERS = 200
MAX_LISTENERS_PER_USER = 10
RETRY_AFTER_S = 10

log = structlog.get_logger()


class Feed:
    """Reads the changes for everybody who listens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._listeners: Counter[int] = Counter()
        self._changes: deque[Change] = deque()
        # everything between the floor and the position is in `_changes`
        self._floor = 0
        self._position = 0
        self._news = asyncio.Event()
        self._starting = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self.is_closing = False

    @contextlib.contextmanager
    def listener(self, user_id: int) -> Iterator[None]:
        """Count somebody who listens. Raises Unavailable or TooManyRequests beyond the limits."""
        if self.is_closing or self._listeners.total() >= MAX_LISTENERS:
            raise Unavailable("Too many live screens.")
        if self._listeners[user_id] >= MAX_LISTENERS_PER_USER:
            raise TooManyRequests(RETRY_AFTER_S)
        self._listeners[user_id] += 1
        try:
            yield
        finally:
            self._listeners[user_id] -= 1
            if self._listeners[user_id] == 0:
                del self._listeners[user_id]

    async def start(self) -> None:
        """Begin reading for the first listener, from where the changes are now."""
        async with self._starting:
            if self._task is None or self._task.done():
                position = await self.position(None)
                self._changes.clear()
                self._floor = self._position = position.head
                self._task = asyncio.create_task(self._poll(), context=Context())

    def open(self) -> None:
        """Let listeners in."""
        self.is_closing = False

    def end_streams(self) -> None:
        """End all streams, and let nobody in: a server that stops waits for its requests to end."""
        self.is_closing = True
        self._tell()

    async def close(self) -> None:
        """End all streams and the reading."""
        self.end_streams()
        if self._task is not None:
            await self._task
            self._task = None

    @property
    def head(self) -> int:
        """The number of the last change read."""
        return self._position

    def after(self, number: int) -> list[Change] | None:
        """The changes after a number; None when some of them are kept in the database only."""
        if number < self._floor:
            return None
        found = []
        for change in reversed(self._changes):
            if change.number <= number:
                break
            found.append(change)
        return found[::-1]

    async def position(self, last_number: int | None) -> Position:
        """Where a new reader begins, and whether what a returning one saw last is still kept."""
        return await self._database.one(SQL.position, Position, last_number=last_number)

    async def kept_after(self, number: int) -> list[Change]:
        """A page of the changes after a number, from the database."""
        return await self._database.all(SQL.after, Change, last_number=number, most=PAGE)

    def news(self) -> asyncio.Event:
        """What is set when there are further changes, or when the feed ends."""
        return self._news

    async def _poll(self) -> None:
        while self._listeners and not self.is_closing:
            try:
                changes = await self.kept_after(self._position)
            except (*AWAY, asyncpg.PostgresError, Problem) as error:
                log.warning("events.delayed", error=type(error).__name__)
                changes = []
            if changes:
                self._take(changes)
            if len(changes) < PAGE:
                await asyncio.sleep(POLL_INTERVAL_S)

    def _take(self, changes: list[Change]) -> None:
        self._changes.extend(changes)
        self._position = changes[-1].number
        while len(self._changes) > KEPT_CHANGES:
            self._floor = self._changes.popleft().number
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
