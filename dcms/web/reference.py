"""The reference of the API for people and programs: the OpenAPI document, and a page that needs no internet."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from litestar import Controller, Litestar, Response, get

from dcms.access.permissions import Permission
from dcms.web.answers import JSON
from dcms.web.openapi import openapi_document
from dcms.web.requests import ApiRequest

STATIC = Path(__file__).with_name("static")
# Swagger UI has its icons as data
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
KEEP_S = 3600


class ReferenceController(Controller):
    """The OpenAPI document and its page."""

    path = "/schema"
    include_in_schema = False

    @get("/", permission=Permission.PUBLIC)
    async def show_reference(self) -> Response[bytes]:
        """Show the API in a browser."""
        return _file("schema.html", "text/html", {"Content-Security-Policy": PAGE_POLICY})

    @get("/openapi.json", permission=Permission.PUBLIC)
    async def get_openapi(self, request: ApiRequest) -> Response[bytes]:
        """Give the OpenAPI document."""
        return Response(document_of(request.app), media_type=JSON)

    @get("/swagger-ui-bundle.js", permission=Permission.PUBLIC)
    async def get_script(self) -> Response[bytes]:
        """Give Swagger UI's code."""
        return _file("swagger-ui/swagger-ui-bundle.js", "text/javascript")

    @get("/swagger-ui.css", permission=Permission.PUBLIC)
    async def get_styles(self) -> Response[bytes]:
        """Give Swagger UI's styles."""
        return _file("swagger-ui/swagger-ui.css", "text/css")

    @get("/start.js", permission=Permission.PUBLIC)
    async def get_start(self) -> Response[bytes]:
        """Give what starts Swagger UI."""
        return _file("start.js", "text/javascript")


@cache
def document_of(app: Litestar) -> bytes:
    """The OpenAPI document as JSON, made once."""
    return msgspec.json.encode(openapi_document(app))


@cache
def _content(name: str) -> bytes:
    return (STATIC / name).read_bytes()


def _file(name: str, media_type: str, headers: dict[str, Any] | None = None) -> Response[bytes]:
    keep = {"Cache-Control": f"public, max-age={KEEP_S}"}
    return Response(_content(name), media_type=media_type, headers=keep | (headers or {}))
