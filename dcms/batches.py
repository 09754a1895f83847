"""Lets what comes at the same time be handled together."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Generic, TypeVar

import structlog

T = TypeVar("T")

log = structlog.get_logger()


class Batches(Generic[T]):
    """Hands things on in batches, one at a time: what comes while one is handled is the next.

    Nothing waits for company: alone and idle, a thing is handled at once. A batch belongs to nobody's request, so
    whoever gives up takes nobody else's with him.
    """

    def __init__(self, handle: Callable[[list[T]], Awaitable[None]], most: int) -> None:
        self._handle = handle
        self._most = most
        self._waiting: list[T] = []
        self._in_hand = 0
        self._task: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._waiting) + self._in_hand

    def add(self, things: list[T]) -> None:
        """Let these be handled as soon as may be, in order."""
        self._waiting += things
        if self._task is None:
            # with no request's context: neither its caller nor its transaction is the batch's
            self._task = asyncio.create_task(self._handle_all(), context=Context())

    async def settle(self) -> None:
        """Wait until nothing is left."""
        if self._task is not None:
            await asyncio.shield(self._task)

    def drop(self) -> None:
        """Give up what is left."""
        if self._task is not None:
            self._task.cancel()

    async def _handle_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                self._in_hand = len(batch)
                try:
                    await self._handle(batch)
                except Exception as error:  # one batch's bug must not stop the next ones
                    log.error("bug", exc_info=error)
                self._in_hand = 0
        finally:
            self._waiting, self._in_hand, self._task = [], 0, None
