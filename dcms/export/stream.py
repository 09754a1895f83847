"""The answer of an export: a part is read when the client has taken the one before."""

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Any

import asyncpg
import structlog
from litestar import Response
from litestar.types import Receive, Scope, Send

from dcms.access.permissions import Permission
from dcms.access.watch import Watch
from dcms.context import Context
from dcms.database.failures import AWAY
from dcms.web.exchange import exchange_of
from dcms.web.problems import Forbidden, Problem

# a client that takes nothing for so long is dropped
SEND_TIMEOUT_S = 20
# and one that takes longer in all: the database can't clear up meanwhile
MAX_DURATION_S = 3600

HEADERS = [
    (b"content-type", b"text/csv; charset=utf-8; header=present"),
    (b"content-disposition", b'attachment; filename="patients.csv"'),
    # for a proxy in between that would collect the stream
    (b"x-accel-buffering", b"no"),
]

log = structlog.get_logger()


class ExportStream(Response[None]):
    """A file that is written while it is sent; one that breaks off is seen to be incomplete by its client."""

    def __init__(self, first: bytes, parts: AsyncGenerator[bytes, None], watch: Watch, context: Context) -> None:
        super().__init__(None)
        self._first = first
        self._parts = parts
        self._watch = watch
        self._context = context

    def to_asgi_response(self, app: Any, request: Any, **options: Any) -> Any:
        """The stream itself: there is nothing to build before it."""
        return self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            if not exchange_of(scope).is_head:
                await self._send_all(send, gone)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (*AWAY, asyncpg.PostgresError, Problem) as error:
            # the end of the body is never sent, so the connection is closed
            log.warning("export.broken", error=type(error).__name__, request_id=self._context.request_id)
        finally:
            gone.cancel()
            await self._parts.aclose()

    async def _send_all(self, send: Send, gone: "asyncio.Task[None]") -> None:
        deadline = time.monotonic() + MAX_DURATION_S
        await _send(send, self._first)
        async for part in self._parts:
            if gone.done():
                raise ConnectionResetError
            if time.monotonic() > deadline:
                raise TimeoutError
            await self._check()
            await _send(send, part)

    async def _check(self) -> None:
        """Raise a problem when the caller's session has ended or he may no longer export."""
        caller = self._context.caller
        if caller is None or not (await self._watch.check(caller)).may(Permission.PATIENTS_EXPORT):
            raise Forbidden


async def _send(send: Send, body: bytes) -> None:
    async with asyncio.timeout(SEND_TIMEOUT_S):
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
