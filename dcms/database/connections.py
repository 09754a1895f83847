"""The process's connections to the database, used again and again.

asyncpg's own pool takes a task, a shield and two timers for each use, which is a third of what a small statement
costs. Nothing is awaited here where a connection is free, and giving one back never waits.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable

import asyncpg

Connect = Callable[[], Awaitable[asyncpg.Connection]]

SWEEP_INTERVAL_S = 15.0


class Connections:
    """At most so many connections, made when they are wanted; who finds none free waits in line for a while."""

    def __init__(self, connect: Connect, size: int, wait_s: float, idle_s: float) -> None:
        self._connect = connect
        self._size = size
        self._wait_s = wait_s
        self._idle_s = idle_s
        # the one used last is used first, so that what a quiet hour doesn't need grows old and is closed
        self._free: list[tuple[asyncpg.Connection, float]] = []
        self._used: dict[asyncpg.Connection, bool] = {}
        self._opening = 0
        self._waiting: deque[asyncio.Future[asyncpg.Connection | None]] = deque()
        self._is_closed = False
        self._all_back = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._sweeping = self._loop.call_later(SWEEP_INTERVAL_S, self._sweep)

    @property
    def state(self) -> tuple[int, int]:
        """How many there are, and how many of them are free."""
        return len(self._free) + len(self._used), len(self._free)

    async def take(self) -> asyncpg.Connection:
        """A connection for one use. Raises TimeoutError when none got free in time."""
        if self._is_closed:
            raise asyncpg.InterfaceError("the connections are closed")
        while self._free:
            connection, _ = self._free.pop()
            if not connection.is_closed():
                self._used[connection] = True
                return connection
        if len(self._used) + self._opening < self._size:
            self._opening += 1
            return await self._open()
        given = await self._wait()
        return given or await self._open()

    def give_back(self, connection: asyncpg.Connection) -> None:
        """End a use. A connection that is broken, or in the middle of something, is closed instead."""
        is_current = self._used.pop(connection)
        if self._is_closed and not self._used:
            self._all_back.set()
        if not is_current or self._is_closed or connection.is_closed() or connection.is_in_transaction():
            connection.terminate()
            self._free_place()
        elif waiting := self._next_waiting():
            self._used[connection] = True
            waiting.set_result(connection)
        else:
            self._free.append((connection, self._loop.time()))

    def drop(self, connection: asyncpg.Connection) -> None:
        """End a use that was broken off: nobody knows what the server is doing on it."""
        connection.terminate()
        self.give_back(connection)

    def renew(self) -> None:
        """Use none of today's connections again."""
        for connection, _ in self._free:
            connection.terminate()
        self._free.clear()
        self._used = dict.fromkeys(self._used, False)

    async def close(self, patience_s: float) -> None:
        """Close all, after waiting a while for those in use."""
        self._is_closed = True
        self._sweeping.cancel()
        if self._used:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience_s):
                    await self._all_back.wait()
        for connection in [*self._used, *(connection for connection, _ in self._free)]:
            connection.terminate()
        self._free.clear()

    async def _wait(self) -> asyncpg.Connection | None:
        """A connection that another use ended with, or None for its place."""
        waiting: asyncio.Future[asyncpg.Connection | None] = self._loop.create_future()
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(self._wait_s):
                return await waiting
        except BaseException:
            if waiting.done() and not waiting.cancelled():
                # it came in the very moment of giving up
                given = waiting.result()
                if given is None:
                    self._opening -= 1
                    self._free_place()
                else:
                    self.give_back(given)
            raise

    async def _open(self) -> asyncpg.Connection:
        """Open a connection in a place that is reserved by `_opening`."""
        try:
            connection = await self._connect()
        except BaseException:
            self._opening -= 1
            self._free_place()
            raise
        self._opening -= 1
        self._used[connection] = True
        return connection

    def _free_place(self) -> None:
        """Let the next in line open a connection of his own."""
        if waiting := self._next_waiting():
            self._opening += 1
            waiting.set_result(None)

    def _next_waiting(self) -> asyncio.Future[asyncpg.Connection | None] | None:
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                return waiting
        return None

    def _sweep(self) -> None:
        """Close what was not used for long, and forget what the server closed."""
        oldest = self._loop.time() - self._idle_s
        for connection, used_at in self._free:
            if used_at < oldest:
                connection.terminate()
        self._free = [free for free in self._free if not free[0].is_closed()]
        self._sweeping = self._loop.call_later(SWEEP_INTERVAL_S, self._sweep)
