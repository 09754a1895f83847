"""The OpenAPI document, made from the route table: whatever a route can be sent and can answer, and nothing by hand."""

import inspect
import re
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Litestar

from dcms import __version__
from dcms.access.permissions import Permission
from dcms.web import openapi_parts as parts
from dcms.web.answers import JSON
from dcms.web.examples import Examples
from dcms.web.openapi_parts import PROBLEMS, response_in, response_ref
from dcms.web.openapi_routes import Route, has_version, holds_version, routes_of
from dcms.web.problems import RFC_9457, ProblemForm, form_of
from dcms.web.routes import RouteAccess
from dcms.web.schemas import Schemas

MERGE_PATCH = "application/merge-patch+json"
FORM = "application/x-www-form-urlencoded"
WRITES = ("POST", "PUT", "PATCH", "DELETE")
METHODS = ("GET", *WRITES)


def openapi_document(app: Litestar) -> dict[str, Any]:
    """The whole document."""
    return _Document(list(routes_of(app)), app.state.problem_forms).build()


class _Document:
    def __init__(self, routes: list[Route], forms: Iterable[ProblemForm]) -> None:
        self.forms = forms
        self.routes = sorted(routes, key=lambda route: (route.path, METHODS.index(route.method)))
        self.schemas = Schemas()
        self.examples = Examples(self.schemas.components)
        # paths of resources that count the writes to them
        self.versioned = {
            route.path
            for route in routes
            if route.method == "PUT" or (route.method in ("GET", "PATCH") and has_version(route.shapes))
        }

    def build(self) -> dict[str, Any]:
        paths: dict[str, dict[str, Any]] = {}
        for route in self.routes:
            paths.setdefault(route.path, {})[route.method.lower()] = self.operation(route)
        responses = parts.responses(self.schemas)
        return {
            "openapi": "3.1.0",
            "info": parts.INFO | {"version": __version__},
            "servers": [{"url": "/"}],
            "security": [{"token": []}],
            "tags": _tags(self.routes),
            "paths": paths,
            "components": {
                "securitySchemes": parts.SECURITY_SCHEMES,
                "parameters": parts.PARAMETERS,
                "headers": parts.HEADERS,
                "responses": responses,
                "schemas": dict(sorted(self.schemas.components.items())),
            },
        }

    def operation(self, route: Route) -> dict[str, Any]:
        doc = inspect.cleandoc(route.handler.fn.__doc__ or "")
        operation: dict[str, Any] = {
            "operationId": route.handler.fn.__name__,
            "tags": [route.tag],
            "summary": re.split(r"(?<=[.:;])\s|\n\n", doc, maxsplit=1)[0].rstrip(".:;"),
            "description": f"{doc}\n\n{_terms(route.access)}",
            "parameters": list(self.parameters(route)),
        }
        if route.access.takes_body or route.access.raw_body:
            operation["requestBody"] = self.body(route)
        form = form_of(route.path, self.forms)
        tell = response_ref if form is RFC_9457 else partial(response_in, form)
        problems = {str(status): tell(status) for status in sorted(self.problems(route))}
        answers = self.answers(route)
        operation["responses"] = dict(sorted((problems | answers).items()))
        if route.access.permission is Permission.PUBLIC:
            operation["security"] = []
        operation["x-permission"] = route.access.permission.value
        return operation

    def parameters(self, route: Route) -> Iterator[dict[str, Any]]:
        declared = route.handler.parsed_fn_signature.parameters
        for name in route.names:
            schema = self.schemas.of(declared[name].raw) if name in declared else {"type": "string"}
            if schema.get("type") == "integer":
                schema |= {"minimum": 1}
            yield {"name": name, "in": "path", "required": True, "schema": schema}
        for alias, name in sorted(route.query.items(), key=lambda pair: list(declared).index(pair[1])):
            yield self.parameter("query", alias, declared[name])
        for alias, name in route.headers.items():
            yield self.parameter("header", alias, declared[name])
        for header in _request_headers(route, self.takes_if_match(route), self.has_etag(route)):
            yield {"$ref": f"#/components/parameters/{header}"}

    def parameter(self, place: str, alias: str, declared: Any) -> dict[str, Any]:
        schema = _not_null(self.schemas.of(declared.raw))
        said = getattr(declared.kwarg_definition, "description", None) or schema.pop("description", None)
        if declared.has_default and declared.default is not None:
            schema = schema | {"default": msgspec.to_builtins(declared.default)}
        parameter: dict[str, Any] = {"name": alias, "in": place, "schema": schema}
        if place == "query" and declared.has_default and declared.default is None and schema.get("type") != "array":
            # `?to=` is the same as none, as forms send it
            parameter["allowEmptyValue"] = True
        if not declared.has_default:
            parameter["required"] = True
        return parameter | ({"description": said} if said else {})

    def body(self, route: Route) -> dict[str, Any]:
        if route.access.raw_body:
            schema: dict[str, Any] = {"type": "object", "additionalProperties": True}
            content = {media: {"schema": schema, "example": parts.WEBHOOK_EXAMPLE} for media in (FORM, JSON)}
            return {"required": True, "content": content}
        wanted = route.handler.parsed_fn_signature.parameters["data"].raw
        schema = _not_null(self.schemas.of(wanted))
        medium = {"schema": schema, "example": self.examples.of(schema)}
        # a merge patch is an object
        is_merge = route.method == "PATCH" and schema.get("type") != "array"
        media = (JSON, MERGE_PATCH) if is_merge else (JSON,)
        return {"required": route.access.needs_body, "content": dict.fromkeys(media, medium)}

    def answers(self, route: Route) -> dict[str, Any]:
        """The good answers by status."""
        status = route.handler.status_code
        answers = {str(status): self.answer(route, status, route.shapes)}
        # what else a handler may answer well: a dry run, a repetition
        for other, description in route.handler.opt.get("also", {}).items():
            answers[str(other)] = self.answer(route, other, route.shapes, description)
        if route.method == "GET" and self.has_etag(route):
            answers["304"] = response_ref(304)
        return answers

    def answer(self, route: Route, status: int, shapes: list[Any], description: str | None = None) -> dict[str, Any]:
        headers = ["X-Request-Id"]
        if status == 201:
            headers.append("Location")
        if self.has_etag(route):
            headers.append("ETag")
        if route.access.may_be_stale:
            headers.append("Preference-Applied")
        if route.access.keeps_answers:
            headers.append("Idempotency-Replayed")
        answer: dict[str, Any] = {
            "description": description or HTTPStatus(status).description or HTTPStatus(status).phrase,
            "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        }
        content = {} if status == 204 else self.content(route, shapes)
        return answer | ({"content": content} if content else {})

    def content(self, route: Route, shapes: list[Any]) -> dict[str, Any]:
        content: dict[str, Any] = {}
        if shapes:
            schemas = [self.schemas.of(shape) for shape in shapes]
            schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
            content[JSON] = {"schema": schema, "example": self.examples.of(schema)}
        # media types that are no JSON are named by the handler
        for media in route.handler.opt.get("produces", ()):
            kind = "object" if media.endswith("json") else "string"
            example = route.handler.opt.get("example", parts.TEXT_EXAMPLES.get(media, "text"))
            content[media] = {"schema": {"type": kind}, "example": example}
        return content

    def problems(self, route: Route) -> Iterable[int]:
        """The statuses of the problems it can answer."""
        access, method = route.access, route.method
        found = {400, 503}
        if access.permission is not Permission.PUBLIC:
            found |= {401, 403}
        if access.raw_body:
            found.add(403)
        if route.names or route.handler.opt.get("may_miss", False):
            found.add(404)
        if method in WRITES:
            found |= {409, 413, 422} | (set() if access.raw_body else {415})
        if access.permission is Permission.PUBLIC and method in WRITES:
            # nothing but logins and webhooks
            found = (found - {409, 422}) | (set() if access.raw_body else {401, 429})
        if route.handler.opt.get("throttled", False):
            found.add(429)
        if self.takes_if_match(route):
            found.add(412)
        return found & PROBLEMS.keys()

    def has_etag(self, route: Route) -> bool:
        if route.method == "GET" and route.handler.opt.get("versioned", False):
            return True
        return has_version(route.shapes) or (route.path in self.versioned and route.method in ("GET", "PUT", "PATCH"))

    def takes_if_match(self, route: Route) -> bool:
        if route.method in WRITES and route.handler.opt.get("versioned", False):
            return True
        if route.method in ("PATCH", "PUT", "DELETE"):
            return route.path in self.versioned
        is_action = route.method == "POST" and route.handler.status_code == 200
        is_below = any(route.path.startswith(f"{path}/") for path in self.versioned if path.endswith("}"))
        return is_action and is_below and holds_version(route.shapes)


def _request_headers(route: Route, takes_if_match: bool, has_etag: bool) -> Iterator[str]:
    if takes_if_match:
        yield "If-Match"
    if has_etag and route.method == "GET":
        yield "If-None-Match"
    if route.access.keeps_answers:
        yield "Idempotency-Key"
    if route.access.may_be_stale:
        yield "Prefer"
    yield "X-Request-Id"


def _terms(access: RouteAccess) -> str:
    if access.permission is Permission.PUBLIC:
        return "No login."
    if access.permission is Permission.AUTHENTICATED:
        return "Any login."
    own = " A patient's login uses it for its own record." if access.open_to_patients else ""
    own += " An employee's login needs none for its own." if access.open_to_own_employee else ""
    return f"Permission: `{access.permission}`.{own}"


def _tags(routes: list[Route]) -> list[dict[str, str]]:
    """The tags, each described by the docstring of its first controller."""
    tags: dict[str, str] = {}
    for route in routes:
        module = sys.modules[route.handler.fn.__module__]
        controller = getattr(module, route.handler.fn.__qualname__.partition(".")[0], None)
        tags.setdefault(route.tag, inspect.cleandoc(controller.__doc__ or "") if controller else "")
    return [{"name": name, "description": description} for name, description in sorted(tags.items())]


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """What may be left out but not sent as null."""
    options = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    return dict(options[0]) if len(options) == 1 else schema
