"""A client of an event stream that reads as slowly as a test wants; httpx's ASGI transport reads to the end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from tests.api import Api

WAIT_S = 5


class Event(msgspec.Struct):
    """An event as a client reads it."""

    id: str | None
    event: str | None
    data: Any


class Listener:
    """One connection to the stream."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.is_over = asyncio.Event()
        self.is_reading = asyncio.Event()
        self.is_reading.set()
        self.comments: list[str] = []
        self._hung_up = asyncio.Event()
        self._started = asyncio.Event()
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._text = ""
        self.body = b""

    async def run(self, app: Any, scope: dict[str, Any]) -> None:
        """Send the request and take the answer in."""
        is_sent = False

        async def receive() -> dict[str, Any]:
            nonlocal is_sent
            if not is_sent:
                is_sent = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await self._hung_up.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            await self.is_reading.wait()
            if message["type"] == "http.response.start":
                self.status = message["status"]
                self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
                self._started.set()
            elif message["type"] == "http.response.body":
                self._take(message.get("body", b""))

        try:
            await app(scope, receive, send)
        finally:
            self.is_over.set()

    async def started(self) -> None:
        """Wait for the answer's first line."""
        async with asyncio.timeout(WAIT_S):
            await self._started.wait()

    async def next(self) -> Event:
        """Wait for the next event."""
        async with asyncio.timeout(WAIT_S):
            return await self._events.get()

    async def take(self, count: int) -> list[Event]:
        """Wait for so many events."""
        return [await self.next() for _ in range(count)]

    async def nothing(self, seconds: float = 0.8) -> bool:
        """Whether no event comes for a while."""
        await asyncio.sleep(seconds)
        return self._events.empty()

    async def over(self, seconds: float = WAIT_S) -> None:
        """Wait until the server ends the stream."""
        async with asyncio.timeout(seconds):
            await self.is_over.wait()

    def hang_up(self) -> None:
        """Close the connection."""
        self._hung_up.set()

    def _take(self, body: bytes) -> None:
        self.body += body
        self._text += body.decode()
        while "\n\n" in self._text:
            block, _, self._text = self._text.partition("\n\n")
            fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
            self.comments += [line for line in block.split("\n") if line.startswith(":")]
            if "data" in fields:
                data = msgspec.json.decode(fields["data"])
                self._events.put_nowait(Event(fields.get("id"), fields.get("event"), data))


@asynccontextmanager
async def listening(
    api: Api, role_or_token: str, last_event_id: str | None = None, query: str = "", method: str = "GET"
) -> AsyncIterator[Listener]:
    """Listen as a role, or with a token, from an event on."""
    client = getattr(api, role_or_token, None) or api.client(role_or_token)
    headers = [(b"authorization", client.headers.get("authorization", "").encode()), (b"host", b"testserver")]
    if last_event_id is not None:
        headers.append((b"last-event-id", last_event_id.encode()))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/api/v1/events",
        "raw_path": b"/api/v1/events",
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }
    listener = Listener()
    task = asyncio.create_task(listener.run(api.app, scope))
    try:
        await listener.started()
        yield listener
    finally:
        listener.is_reading.set()
        listener.hang_up()
        async with asyncio.timeout(WAIT_S):
            await task
