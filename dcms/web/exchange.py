"""One request and its answer, as the layers of the service pass it on in the ASGI scope."""

import time
from collections.abc import Iterator
from typing import Any

from dcms.context import Context
from dcms.web.routes import RouteAccess

KEY = "dcms"


class Exchange:
    """What the layers know of a request."""

    __slots__ = (
        "access",
        "body",
        "context",
        "headers",
        "is_head",
        "is_last_attempt",
        "is_retryable",
        "listed_patients",
        "query",
        "started",
        "status",
    )

    def __init__(self, context: Context, headers: dict[bytes, bytes], is_head: bool = False) -> None:
        self.context = context
        # of those that were sent several times the last
        self.headers = headers
        # HEAD, which is answered as GET without the body
        self.is_head = is_head
        self.started = time.perf_counter()
        self.access: RouteAccess | None = None
        self.query: tuple[tuple[str, str], ...] = ()
        self.body = b""
        self.status = 0
        # set by the problem handler: the database undid the transaction for another's sake; its answer is not sent
        self.is_retryable = False
        self.is_last_attempt = True
        # set by a handler that lists patients: whose records the answer shows, for the audit log
        self.listed_patients: list[int] | None = None

    @property
    def duration_ms(self) -> float:
        """How long the request has taken so far."""
        return round((time.perf_counter() - self.started) * 1000, 2)


def exchange_of(scope: Any) -> Exchange:
    """The exchange of an ASGI scope."""
    exchange: Exchange = scope[KEY]
    return exchange


def lines_of(scope: Any, header: bytes) -> Iterator[str]:
    """The lines of a header that may be sent several times."""
    return (value.decode("latin-1") for name, value in scope["headers"] if name == header)
