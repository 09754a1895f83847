"""What each route asks of a request before its handler runs, worked out once at the start."""

from collections.abc import Iterable
from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from dcms.access.permissions import Permission
from dcms.web.bodies import Reader, reader_of

KIB = 1024
MIB = 1024 * KIB
MAX_BODY = 256 * KIB


class UndeclaredPermission(Exception):
    """Routes without a permission: the service does not start with them."""


class RouteAccess(msgspec.Struct, frozen=True):
    """A route's terms."""

    # METHOD and path template, for logs and metrics
    name: str
    permission: Permission
    # a patient's login may use it, for his own record
    open_to_patients: bool
    # who lacks the permission may use it for the employee that his login is linked to
    open_to_own_employee: bool
    # usable with must_change_password
    before_password_change: bool
    # not for an admin who acts as somebody else
    closed_to_impersonation: bool
    # what it changes is known to this process before its answer is sent: sessions, users, links, settings
    changes_access: bool
    # where a person without a session is sent; the route takes the page's cookie as well as a token
    login_page: str | None
    max_body: int
    # the body is read as it is by the handler (webhooks, forms): any type, nothing decoded
    raw_body: bool
    takes_body: bool
    needs_body: bool
    keeps_answers: bool
    # name in the query → how to read its value
    query: dict[str, Reader]
    required: frozenset[str]
    repeatable: frozenset[str]
    # GETs of a patient's record are written into the audit log
    reads_patient: bool
    # it only reads, and a client may ask for it from the standby
    may_be_stale: bool


def route_table(routes: Iterable[Any], base: str) -> dict[tuple[int, str], RouteAccess]:
    """The terms of every handler and method. Raises UndeclaredPermission naming those that declare none."""
    table: dict[tuple[int, str], RouteAccess] = {}
    undeclared: list[str] = []
    for route in routes:
        if not isinstance(route, HTTPRoute):
            continue
        for method, (handler, model) in route.route_handler_map.items():
            name = f"{method} {route.path_format}"
            if method == "OPTIONS" and "permission" not in handler.opt:
                continue
            if "permission" not in handler.opt:
                undeclared.append(name)
                continue
            parameters = {each.field_alias: each.field_name for each in model.expected_query_params}
            table[id(handler), method] = _access(name, method, route.path_format, handler, parameters, base)
    if undeclared:
        raise UndeclaredPermission("routes without a permission: " + ", ".join(undeclared))
    return table


def methods_table(routes: Iterable[Any]) -> dict[str, str]:
    """The value of Allow for every path template: Litestar's own forgets methods that another handler adds later."""
    methods: dict[str, set[str]] = {}
    for route in routes:
        if isinstance(route, HTTPRoute):
            found = methods.setdefault(route.path_format, {"OPTIONS"})
            found.update(route.route_handler_map)
            if "GET" in found:
                found.add("HEAD")
    return {path: ", ".join(sorted(found)) for path, found in methods.items()}


def _access(
    name: str, method: str, path: str, handler: HTTPRouteHandler, parameters: dict[str, str], base: str
) -> RouteAccess:
    opt = handler.opt
    declared = handler.parsed_fn_signature.parameters
    permission = Permission(opt["permission"])
    return RouteAccess(
        name=name,
        permission=permission,
        open_to_patients=opt.get("open_to_patients", False),
        open_to_own_employee=opt.get("open_to_own_employee", False),
        before_password_change=opt.get("before_password_change", False),
        closed_to_impersonation=opt.get("closed_to_impersonation", False),
        changes_access=opt.get("changes_access", False),
        login_page=opt.get("login_page"),
        max_body=opt.get("max_body", MAX_BODY),
        raw_body=opt.get("raw_body", False),
        takes_body="data" in declared,
        needs_body="data" in declared and not declared["data"].has_default,
        keeps_answers=(
            method == "POST"
            and permission is not Permission.PUBLIC
            and not path.startswith(f"{base}/auth")
            # what is shown once is not kept to be shown again
            and not opt.get("answer_is_secret", False)
        ),
        query={alias: reader_of(declared[field].raw, strict=False) for alias, field in parameters.items()},
        required=frozenset(alias for alias, field in parameters.items() if not declared[field].has_default),
        repeatable=frozenset(
            alias
            for alias, field in parameters.items()
            if any(each.is_non_string_sequence for each in (declared[field], *declared[field].inner_types))
        ),
        reads_patient=opt.get("reads_patient", False)
        or (method == "GET" and path.startswith(f"{base}/patients/{{patient_id")),
        may_be_stale=opt.get("may_be_stale", False),
    )
