"""Reads what a request still sends before its answer goes out.

A server closes a connection whose request it has not read to the end, and the client loses the answer or its next
request on that connection. So a refusal (401, 403, 404, 413, …) reads the rest too, within limits.
"""

import asyncio
from typing import Any

from litestar.types import Receive

from dcms.web.admission import Place

MAX_DISCARDED_BYTES = 4 * 2**20
DISCARD_WITHIN_S = 2


class Incoming:
    """A request's body on its way in."""

    def __init__(self, receive: Receive, headers: dict[bytes, bytes], place: Place | None = None) -> None:
        self._receive = receive
        self._place = place
        has_body = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
        self.is_complete = not has_body
        # this client sends its body only when asked for it
        self._is_held_back = b"expect" in headers

    async def receive(self) -> Any:
        """Give the next message; whoever waits for it holds no place."""
        if self._place is None:
            message: Any = await self._receive()
        else:
            self._place.leave()
            try:
                message = await self._receive()
            finally:
                self._place.come_back()
        self.is_complete = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def discard(self) -> None:
        """Read on to the end, if that is near."""
        if not self.is_complete and not self._is_held_back:
            await self._read_on()

    async def _read_on(self) -> None:
        size = 0
        try:
            async with asyncio.timeout(DISCARD_WITHIN_S):
                while not self.is_complete and size <= MAX_DISCARDED_BYTES:
                    size += len((await self.receive()).get("body", b""))
        except TimeoutError:
            pass
