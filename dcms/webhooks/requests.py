"""A provider's request: its signature, then its fields. Forms, and JSON whose SHA-256 is in the query."""

from urllib.parse import parse_qsl

import msgspec
from litestar.types import HTTPScope

from dcms.web.exchange import exchange_of
from dcms.web.problems import Forbidden, Invalid, UnsupportedMediaType
from dcms.webhooks.signature import is_body_signed, is_signed

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class Signed(msgspec.Struct, frozen=True):
    """A genuine request."""

    body: bytes
    content_type: str
    query: str
    fields: dict[str, str]

    @property
    def parameters(self) -> dict[str, str]:
        """The query, read."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


def read_signed(scope: HTTPScope, token: str | None, public_base_url: str) -> Signed:
    """Check the signature and read the fields. Raises Forbidden before looking at anything else."""
    exchange = exchange_of(scope)
    headers, body = exchange.headers, exchange.body
    query = scope["query_string"].decode("latin-1")
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    url = public_base_url.rstrip("/") + path + (f"?{query}" if query else "")
    content_type = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    signature = headers.get(b"x-twilio-signature", b"").decode("latin-1")
    pairs = [] if content_type == JSON else _read_form(body)
    is_genuine = (
        token is not None
        and pairs is not None
        and is_signed(token, url, signature, pairs)
        and (content_type != JSON or is_body_signed(url, body))
    )
    if not is_genuine:
        raise Forbidden("invalid_signature")
    if content_type not in (FORM, JSON):
        raise UnsupportedMediaType(f"Send {FORM} or {JSON}.")
    fields = _read_json(body) if content_type == JSON else dict(pairs or ())
    return Signed(body, content_type, query, fields)


def _read_form(body: bytes) -> list[tuple[str, str]] | None:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        return None


def _read_json(body: bytes) -> dict[str, str]:
    try:
        given = msgspec.json.decode(body, type=dict[str, str | int | float | bool | None])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise Invalid.of("", "must be a JSON object of plain values") from None
    return {name: value if isinstance(value, str) else str(value) for name, value in given.items() if value is not None}
