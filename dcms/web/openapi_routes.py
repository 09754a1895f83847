"""The routes of the application as the OpenAPI document sees them: terms, parameters, and the shapes of the answers."""

import re
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from dcms.web.routes import RouteAccess


class Route(msgspec.Struct, frozen=True):
    """One operation, as the application knows it."""

    method: str
    path: str
    handler: HTTPRouteHandler
    access: RouteAccess
    # name in the query or header → name in the handler
    query: dict[str, str]
    headers: dict[str, str]

    @property
    def shapes(self) -> list[Any]:
        """The types of the good answer that say something of its content."""
        return _shapes(self.handler.parsed_fn_signature.return_type.raw)

    @property
    def names(self) -> list[str]:
        """The names in the path."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def tag(self) -> str:
        """What the operation is listed under."""
        return str((self.handler.resolve_tags() or ["other"])[0])


def routes_of(app: Litestar) -> Iterator[Route]:
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for method, (handler, model) in route.route_handler_map.items():
            access = app.state.routes.get((id(handler), method))
            if access is not None and handler.resolve_include_in_schema():
                query = {each.field_alias: each.field_name for each in model.expected_query_params}
                headers = {each.field_alias: each.field_name for each in model.expected_header_params}
                yield Route(method, route.path_format.rstrip("/") or "/", handler, access, query, headers)


def _shapes(declared: Any) -> list[Any]:
    """The structs and lists among what a handler may return; `Response[T]` counts as T."""
    origin = get_origin(declared) or declared
    if origin in (Union, types.UnionType):
        return [shape for member in get_args(declared) for shape in _shapes(member)]
    if not isinstance(origin, type):
        return []
    if issubclass(origin, Response):
        return [shape for member in get_args(declared) for shape in _shapes(member)]
    return [declared] if issubclass(origin, msgspec.Struct | list) else []


def has_version(shapes: list[Any]) -> bool:
    # the program's version is a text
    return any(_fields(shape).get("version") is int for shape in shapes)


def holds_version(shapes: list[Any]) -> bool:
    """Whether one has a version, or a part of it has one."""
    return has_version(shapes) or any(has_version(list(_fields(shape).values())) for shape in shapes)


def _fields(shape: Any) -> dict[str, Any]:
    is_struct = isinstance(shape, type) and issubclass(shape, msgspec.Struct)
    return get_type_hints(shape) if is_struct else {}
