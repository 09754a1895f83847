"""Connects to that of several servers which takes writes, also when another one swallows everything.

asyncpg tries the hosts of an address one after the other within one time limit, so a first host that doesn't
answer at all would use it up.
"""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from dcms.database.failures import AWAY

# what one of several hosts is given to answer
HOST_TIMEOUT_S = 1.0

# an address with several hosts → the address of the one that took writes last
_last: dict[str, str] = {}


async def connect(url: str, *, timeout: float, **options: Any) -> asyncpg.Connection:  # noqa: ASYNC109 - asyncpg's own
    """A connection to the one host, or to the one that took writes last, or to the first one that does."""
    addresses = addresses_of(url)
    if len(addresses) == 1:
        only: asyncpg.Connection = await asyncpg.connect(url, timeout=timeout, **options)
        return only
    failure: BaseException = OSError("no host")
    for address in sorted(addresses, key=lambda each: each != _last.get(url)):
        try:
            connection: asyncpg.Connection = await asyncpg.connect(
                address, timeout=min(timeout, HOST_TIMEOUT_S), **options
            )
        except AWAY as error:
            failure = error
        else:
            _last[url] = address
            return connection
    raise failure


def addresses_of(url: str) -> list[str]:
    """The addresses of the single hosts, from either of the places where an address may name several."""
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    if hosts:
        return [urlunsplit(parts._replace(netloc=user + at + host)) for host in hosts.split(",")]
    query = dict(parse_qsl(parts.query))
    folders = query.get("host", "").split(",")
    ports = query.get("port", "5432").split(",")
    if len(folders) == 1:
        return [url]
    if len(ports) == 1:
        ports *= len(folders)
    return [
        urlunsplit(parts._replace(query=urlencode(query | {"host": folder, "port": port}, safe="/")))
        for folder, port in zip(folders, ports, strict=True)
    ]
