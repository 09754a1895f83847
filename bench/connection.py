"""A client's connection that costs next to nothing, so that what is measured is the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self, cast


class Connection(asyncio.Protocol):
    """Sends one request at a time and waits for the end of its answer, whose length must be said."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._answer: asyncio.Future[int] | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, port: int) -> AsyncIterator[Self]:
        """A connection to a server of this machine."""
        _, protocol = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        try:
            yield protocol
        finally:
            protocol.close()

    async def exchange(self, request: bytes) -> int:
        """Send a request; the status of its answer."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # uvloop's is one by its methods only
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Fail whoever waits."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        """Read on until the answer is whole."""
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return
        status = int(self._received[9:12])
        length = 0 if status in (204, 304) else _content_length(bytes(self._received[:head]).lower())
        if len(self._received) >= head + 4 + length and self._answer is not None:
            self._received.clear()
            self._answer.set_result(status)


def _content_length(head: bytes) -> int:
    found = head.find(b"\r\ncontent-length:")
    if found < 0:
        raise ValueError("an answer without Content-Length")
    return int(head[found + 17 :].partition(b"\r\n")[0])
