"""Lets what comes at the same time be handled together."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Generic, TypeVar

import structlog

T = TypeVar("T")

log = structlog.get_logger()


class Batches(Generic[T]):
    """Hands things on in batches, a few at a time: what comes while these are handled is the next.

    Nothing waits for company: alone and idle, a thing is handled at once. A batch belongs to nobody's request, so
    whoever gives up takes nobody else's with him.
    """

    def __init__(self, handle: Callable[[list[T]], Awaitable[None]], most: int, at_once: int = 1) -> None:
        self._handle = handle
        self._most = most
        self._at_once = at_once
        self._waiting: list[T] = []
        self._in_hand = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._waiting) + self._in_hand

    def add(self, things: list[T]) -> None:
        """Let these be handled as soon as may be; one batch at a time, in order."""
        self._waiting += things
        if len(self._tasks) < self._at_once:
            # with no request's context: neither its caller nor its transaction is the batch's
            task = asyncio.create_task(self._handle_all(), context=Context())
            self._tasks.add(task)
            # it may be given up before it begins
            task.add_done_callback(self._tasks.discard)

    async def settle(self) -> None:
        """Wait until nothing is left."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def drop(self) -> None:
        """Give up what is left."""
        self._waiting = []
        for task in self._tasks:
            task.cancel()

    async def _handle_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                self._in_hand += len(batch)
                try:
                    await self._handle(batch)
                except Exception as error:  # one batch's bug must not stop the next ones
                    log.error("bug", exc_info=error)
                finally:
                    self._in_hand -= len(batch)
        finally:
            # now, and not in the loop's next turn: what is added until then would be left
            self._tasks.discard(asyncio.current_task())
