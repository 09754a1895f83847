"""Answers: JSON, an ETag for what has a version, 304 when the client has it already, 201 with a Location."""

import hashlib
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.types import Receive, Scope, Send

from dcms.web.exchange import exchange_of
from dcms.web.negotiation import preferred

T = TypeVar("T")

API = "/api/v1"
JSON = "application/json"
HTML = "text/html"
_encoder = msgspec.json.Encoder()


class RawAnswer:
    """An answer that is only sent: an ASGI application without Litestar's own building of headers."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


class Answer(Response[T]):
    """The answer of a handler."""

    # of what the content belongs to, when the content itself has none
    version: int | None = None

    def __init__(
        self,
        content: T,
        *,
        status_code: int | None = None,
        headers: dict[str, str] | None = None,
        media_type: str | None = None,
        background: Any = None,
        type_encoders: Any = None,
    ) -> None:
        # what Litestar's own sets, without looking through its options: there is one of these for each request
        self.content = content
        self.status_code = status_code
        self.headers = dict(headers) if headers else {}
        self.media_type = media_type
        self.background = background
        self.response_type_encoders = type_encoders or {}
        self.cookies = []
        self.encoding = "utf-8"

    def to_asgi_response(self, app: Any, request: Request[Any, Any, Any], **options: Any) -> Any:
        """Encode JSON and text once, and tag what has a version."""
        media_type = str(self.media_type or options.get("media_type") or JSON)
        is_text = media_type.startswith("text/") and isinstance(self.content, str)
        if self.cookies or self.background or not (is_text or media_type == JSON) or isinstance(self.content, bytes):
            return super().to_asgi_response(app, request, **options)
        status = self.status_code or options.get("status_code") or 200
        headers = [(name.lower().encode(), str(value).encode()) for name, value in self.headers.items()]
        if status == 204:
            return RawAnswer(204, headers, b"")
        body = str(self.content).encode() if is_text else _encoder.encode(self.content)
        version = getattr(self.content, "version", self.version)
        if type(version) is int:
            etag = etag_of(version, body)
            headers.append((b"etag", etag.encode()))
            if request.method == "GET" and is_known(exchange_of(request.scope).headers.get(b"if-none-match"), etag):
                return RawAnswer(304, headers, b"")
        content_type = f"{media_type}; charset=utf-8" if is_text else JSON
        headers += [(b"content-type", content_type.encode()), (b"content-length", b"%d" % len(body))]
        return RawAnswer(status, headers, body)


def created(resource: T, location: str) -> Response[T]:
    """201 with the path of the new resource's GET, below the API's base."""
    return Answer(resource, status_code=201, headers={"Location": API + location})


def versioned(content: T, version: int) -> Response[T]:
    """200 with the version of what the content belongs to."""
    answer = Answer(content)
    answer.version = version
    return answer


def wants_page(accept: str | None) -> bool:
    """Whether a client asks for a page rather than for JSON."""
    return preferred(accept, (JSON, HTML)) == HTML


def etag_of(version: int, body: bytes) -> str:
    """`"<version>-<digest of the answer>"`."""
    return f'"{version}-{hashlib.blake2b(body, digest_size=9).hexdigest()}"'


def versions_of(if_match: Iterable[str]) -> list[int] | None:
    """The versions that If-Match names: None for any; a weak tag or anything else matches none."""
    tags = [tag.strip() for line in if_match for tag in line.split(",")]
    if not tags or "*" in tags:
        return None
    return [version for tag in tags if (version := _version_of(tag)) is not None]


def _version_of(tag: str) -> int | None:
    if len(tag) < 2 or tag[0] != '"' or tag[-1] != '"':
        return None
    version = tag[1:-1].partition("-")[0]
    return int(version) if version.isascii() and version.isdigit() and len(version) < 18 else None


def is_known(if_none_match: bytes | None, etag: str) -> bool:
    """Whether the client has what this ETag names."""
    if if_none_match is None:
        return False
    return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in if_none_match.decode("latin-1").split(","))
