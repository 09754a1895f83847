"""A proxy in front of PostgreSQL's socket that can be cut, black-holed and slowed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

CHUNK = 65_536


class Proxy:
    """Passes bytes between clients and the server, as it is told to."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.port = 0
        self.delay_s = 0.0
        self._open = asyncio.Event()
        self._open.set()
        self._accepts = True
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Close every connection, and every new one at once."""
        self._accepts = False
        for writer in self._writers:
            writer.transport.abort()

    def swallow(self) -> None:
        """Take everything and pass nothing on, in either direction, as a broken network does."""
        self._open.clear()

    def heal(self) -> None:
        """Pass everything on at once."""
        self._accepts, self.delay_s = True, 0.0
        self._open.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a client with the server."""
        if not self._accepts:
            writer.transport.abort()
            return
        their_reader, their_writer = await asyncio.open_unix_connection(self.upstream)
        self._writers |= {writer, their_writer}
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pass_on(reader, their_writer))
                tasks.create_task(self._pass_on(their_reader, writer))
        finally:
            self._writers -= {writer, their_writer}

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK):
                await self._open.wait()
                await asyncio.sleep(self.delay_s)
                writer.write(chunk)
                await writer.drain()
        writer.transport.abort()

    def url(self, url: str) -> str:
        """The address of a database through the proxy."""
        parts = urlsplit(url)
        user = parts.netloc.rpartition("@")[0] or "postgres"
        return urlunsplit(parts._replace(netloc=f"{quote(user)}@127.0.0.1:{self.port}", query=""))


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[Proxy]:
    """A proxy in front of the server of a database."""
    folder = parse_qs(urlsplit(url).query)["host"][0]
    proxy = Proxy(str(Path(folder, ".s.PGSQL.5432")))
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        proxy.heal()
        proxy.cut()
        server.close()
