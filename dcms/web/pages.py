"""Keyset pages: a limit, and a signed cursor that belongs to its list and filters."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from litestar.params import QueryParameter

from dcms.web.problems import Invalid

T = TypeVar("T")

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
_MAC_BYTES = 12
_DATE = 1

Limit = Annotated[
    int, msgspec.Meta(ge=1, le=MAX_LIMIT), QueryParameter(description="How many items a page has at the most.")
]
Cursor = Annotated[
    str | None,
    QueryParameter(description="`next_cursor` of the page before; opaque, of this list and these filters."),
]


class Page(msgspec.Struct, Generic[T]):
    """A page of a list."""

    items: list[T]
    next_cursor: str | None = None


class PageRequest(msgspec.Struct, frozen=True):
    """The page that a request asks for."""

    limit: int
    # the order's columns in the last row of the page before
    after: list[Any] | None
    # path and filters, which the cursor is signed with
    binding: bytes
    key: bytes

    def page(self, rows: Sequence[T], key_of: Callable[[T], list[Any]]) -> Page[T]:
        """Cut one row more than the limit down to a page; `key_of` gives the order's columns of a row."""
        items = list(rows[: self.limit])
        more = len(rows) > self.limit
        return Page(items, sign_cursor(key_of(items[-1]), self.binding, self.key) if more else None)


def page_request(
    limit: int, cursor: str | None, path: str, query: Sequence[tuple[str, str]], key: bytes
) -> PageRequest:
    """Read a request's page. Raises Invalid for a cursor that isn't this list's."""
    filters = sorted((name, value) for name, value in query if name not in ("limit", "cursor"))
    binding = hashlib.sha256(msgspec.json.encode((path, filters))).digest()
    after = None if cursor is None else read_cursor(cursor, binding, key)
    return PageRequest(limit, after, binding, key)


def sign_cursor(after: list[Any], binding: bytes, key: bytes) -> str:
    """Pack the last row's order columns."""
    # MessagePack knows times, but would make a string of a date
    packed = msgspec.msgpack.encode(
        [msgspec.msgpack.Ext(_DATE, value.isoformat().encode()) if type(value) is date else value for value in after]
    )
    return base64.urlsafe_b64encode(_mac(packed, binding, key) + packed).decode().rstrip("=")


def read_cursor(cursor: str, binding: bytes, key: bytes) -> list[Any]:
    """Unpack a cursor. Raises Invalid unless it was signed for the same list and filters."""
    try:
        signed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        signed = b""
    mac, packed = signed[:_MAC_BYTES], signed[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(packed, binding, key)):
        raise Invalid.of("cursor", "is not a cursor of this list with these filters")
    return msgspec.msgpack.decode(packed, type=list[Any], ext_hook=_read_date)


def _read_date(_: int, value: memoryview) -> date:
    return date.fromisoformat(bytes(value).decode())


def _mac(packed: bytes, binding: bytes, key: bytes) -> bytes:
    return hmac.digest(key, binding + packed, "sha256")[:_MAC_BYTES]
