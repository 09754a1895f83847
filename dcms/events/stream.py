"""One listener's stream: what was missed, then what happens, for as long as session, token and connection last."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
from litestar import Response
from litestar.types import Receive, Scope, Send

from dcms.access.callers import Caller
from dcms.access.watch import Watch
from dcms.database.failures import AWAY
from dcms.events.feed import PAGE, Feed
from dcms.events.structs import Change
from dcms.web.exchange import exchange_of
from dcms.web.fields import MAX_ID
from dcms.web.problems import Problem

HEARTBEAT_S = 15
# how often a listener's session is looked at
CHECK_INTERVAL_S = 0.4
# a client that takes nothing for so long is dropped; a server that stops waits that long for it (see serve.py)
SEND_TIMEOUT_S = 10

HEARTBEAT = b": heartbeat\n\n"
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    # for a proxy in between that would collect the stream
    (b"x-accel-buffering", b"no"),
]


class EventStream(Response[None]):
    """An answer that ends when its listener's right to it does."""

    def __init__(self, feed: Feed, watch: Watch, caller: Caller) -> None:
        super().__init__(None)
        self._feed = feed
        self._watch = watch
        self._caller = caller
        # what counts the listener, until the stream ends
        self.counted = contextlib.ExitStack()
        self._number = feed.head
        self._is_reset = False

    def go_on_after(self, number: int) -> None:
        """Begin with what the client missed."""
        self._number = number

    def reset(self) -> None:
        """Begin with telling the client that what it missed isn't known."""
        self._is_reset = True

    def to_asgi_response(self, app: Any, request: Any, **options: Any) -> Any:
        """The stream itself: there is nothing to build before it."""
        return self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [*HEADERS, (b"last-event-id", str(self._number).encode())]
        gone = asyncio.create_task(_disconnected(receive))
        with self.counted:
            try:
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                if not exchange_of(scope).is_head:
                    await self._send_all(send, gone)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            except TimeoutError:
                # the client takes nothing: leaving closes the connection
                return
            finally:
                gone.cancel()

    async def _send_all(self, send: Send, gone: "asyncio.Task[None]") -> None:
        async for chunk in self._chunks(gone):
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def _chunks(self, gone: "asyncio.Task[None]") -> AsyncIterator[bytes]:
        if self._is_reset:
            yield b"id: %d\nevent: reset\ndata: {}\n\n" % self._number
        else:
            yield b": connected\n\n"
        sent_at = time.monotonic()
        is_live = False
        while not gone.done() and not self._feed.is_closing:
            news = self._feed.news()
            if not await self._may_go_on():
                return
            changes = await self._next(is_live) if self._watch.is_fresh else []
            if changes is None:
                return
            chunk = b"".join(change.encode() for change in changes if change.may_be_seen_by(self._caller))
            if changes:
                self._number = changes[-1].number
            is_live = is_live or self._feed.after(self._number) is not None
            if not chunk and time.monotonic() - sent_at >= HEARTBEAT_S:
                chunk = HEARTBEAT
            if chunk:
                yield chunk
                sent_at = time.monotonic()
            if not changes:
                await _wait(news, gone, sent_at + HEARTBEAT_S - time.monotonic())

    async def _may_go_on(self) -> bool:
        """Whether token and session still count; takes in what has changed of the caller's rights."""
        if self._caller.expires_at <= time.time():
            return False
        if not self._watch.is_fresh:
            # nothing is sent until the changes are heard of again
            return True
        try:
            self._caller = await self._watch.check(self._caller)
        except Problem:
            return False
        return not self._caller.must_change_password

    async def _next(self, is_live: bool) -> list[Change] | None:
        """The next changes; None for a live listener who could not follow."""
        changes = self._feed.after(self._number)
        if changes is not None:
            return changes[:PAGE]
        if is_live:
            return None
        try:
            return await self._feed.kept_after(self._number)
        except (*AWAY, asyncpg.PostgresError, Problem):
            return []


async def open_stream(feed: Feed, watch: Watch, caller: Caller, last_seen: str | None) -> EventStream:
    """A stream for a listener, from the id he saw last. Raises Unavailable or TooManyRequests beyond the limits."""
    with contextlib.ExitStack() as counted:
        counted.enter_context(feed.listener(caller.user_id))
        await feed.start()
        stream = EventStream(feed, watch, caller)
        if last_seen is not None:
            number = _number(last_seen)
            if number is not None and (await feed.position(number)).is_known:
                stream.go_on_after(number)
            else:
                stream.reset()
        # from here on the stream ends the counting
        stream.counted = counted.pop_all()
        return stream


def _number(last_seen: str) -> int | None:
    """The number of an event's id; None for what can't be one."""
    is_one = last_seen.isascii() and last_seen.isdigit() and len(last_seen) < 20 and int(last_seen) <= MAX_ID
    return int(last_seen) if is_one else None


async def _wait(news: asyncio.Event, gone: "asyncio.Task[None]", until_heartbeat_s: float) -> None:
    waiting = asyncio.create_task(news.wait())
    timeout_s = max(0, min(CHECK_INTERVAL_S, until_heartbeat_s))
    await asyncio.wait((waiting, gone), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _disconnected(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
