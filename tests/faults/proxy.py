"""A proxy in front of PostgreSQL's socket that can be cut, black-holed and slowed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

CHUNK = 65_536


class Link:
    """A client's connection through the proxy."""

    def __init__(self, *writers: asyncio.StreamWriter) -> None:
        self.writers = writers
        self.is_meant = False

    def abort(self) -> None:
        """Close it in both directions."""
        for writer in self.writers:
            writer.transport.abort()


class Proxy:
    """Passes bytes between clients and the server, as it is told to."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.port = 0
        self.delay_s = 0.0
        # what a connection sends at its beginning that faults are meant for: all by default
        self.only = b""
        self._open = asyncio.Event()
        self._open.set()
        self._accepts = True
        self._links: set[Link] = set()

    def cut(self) -> None:
        """Close every connection, and every new one at once."""
        self._accepts = False
        for link in self._links:
            if link.is_meant:
                link.abort()

    def close(self) -> None:
        """Close every connection."""
        for link in self._links:
            link.abort()

    def swallow(self) -> None:
        """Take everything and pass nothing on, in either direction, as a broken network does."""
        self._open.clear()

    def heal(self) -> None:
        """Pass everything on at once."""
        self._accepts, self.delay_s = True, 0.0
        self._open.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect a client with the server."""
        if not self._accepts and not self.only:
            writer.transport.abort()
            return
        their_reader, their_writer = await asyncio.open_unix_connection(self.upstream)
        link = Link(writer, their_writer)
        self._links.add(link)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pass_on(link, reader, their_writer))
                tasks.create_task(self._pass_on(link, their_reader, writer))
        finally:
            self._links.discard(link)

    async def _pass_on(self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(CHUNK):
                link.is_meant = link.is_meant or self.only in chunk
                if link.is_meant and not self._accepts:
                    break
                if link.is_meant:
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
        proxy.close()
        server.close()
