"""The outermost layer: request ids, the client's address, security headers, the log line, the audit of readings."""

import itertools
import re
import secrets
import time
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

import msgspec
import structlog
from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import HTTPScope, Message, Receive, Scope, Send

from dcms.access.trail import Note
from dcms.context import Context, current_context
from dcms.measures import NO_ROUTE
from dcms.process import Services
from dcms.settings import Network
from dcms.web.admission import WITHOUT_A_PLACE, Place
from dcms.web.answers import API
from dcms.web.exchange import KEY, Exchange, lines_of
from dcms.web.fields import MAX_ID
from dcms.web.incoming import Incoming
from dcms.web.problems import ProblemForm, Unavailable, form_of

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
MAX_USER_AGENT = 400
ADDRESSES_KEPT = 4096

SECURITY_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
# unless the answer has its own, as pages with scripts and styles do
DEFAULT_HEADERS = [
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]

# the first segments of a path below the API's base → the table it is about, for denials in the audit log
TABLES = {
    "clinic": "clinic",
    "users": "dcms_user",
    "auth": "session",
    "auth/impersonate": "dcms_user",
    "auth/reset_password": "dcms_user",
    "patients": "patient",
    "phone_numbers": "patient_phone",
    "employees": "employee",
    "doctors": "employee",
    "employee_phone_numbers": "employee_phone",
    "positions": "position",
    "services": "service_catalog",
    "appointments": "appointment",
    "calendar": "appointment",
    "availability": "appointment",
    "chairs": "chair",
    "treatments": "treatment",
    "treatment_items": "treatment_item",
    "treatment_item_teeth": "treatment_item_tooth",
    "teeth": "tooth_definition",
    "invoices": "invoice",
    "payments": "payment",
    "calls": "call",
    "sms/templates": "sms_template",
    "sms/batches": "sms_batch",
    "audit": "audit_log",
    "roles": "dcms_user",
    # the FHIR view's
    "Patient": "patient",
    "Practitioner": "employee",
    "Schedule": "employee",
    "Appointment": "appointment",
    "Slot": "appointment",
    "Procedure": "treatment_item",
}

log = structlog.get_logger()


class Front:
    """ASGI middleware around the whole application."""

    def __init__(self, app: Litestar, services: Services) -> None:
        self.app = app
        # of the ids that it gives requests: no other process has it
        self._name = secrets.token_hex(8)
        self._numbers = itertools.count()
        self.services = services
        self.proxies = services.settings.trusted_proxies
        self.trail = services.trail
        self.traces = services.traces
        self.admission = services.admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and finish its answer."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        needs_place = scope["path"] not in WITHOUT_A_PLACE
        if needs_place and self.admission.is_full:
            self.admission.refused += 1
            form = form_of(scope["path"], self.app.state.problem_forms)
            await _refuse(scope, self._request_id(headers), headers, form, receive, send)
            return
        context = Context(
            request_id=self._request_id(headers),
            ip=client_address(
                scope,
                ",".join(lines_of(scope, b"x-forwarded-for")) if b"x-forwarded-for" in headers else None,
                self.proxies,
            ),
            user_agent=headers.get(b"user-agent", b"").decode("latin-1")[:MAX_USER_AGENT].replace("\0", "") or None,
            zone=self.services.facts.zone,
            default_region=self.services.facts.default_region,
        )
        exchange = Exchange(context, headers, is_head=scope["method"] == "HEAD")
        scope[KEY] = exchange  # type: ignore[literal-required]
        token = current_context.set(context)
        span = None if self.traces is None else self.traces.begin_request(headers)
        if exchange.is_head:
            scope["method"] = "GET"
        place = Place(self.admission) if needs_place else None
        incoming = Incoming(receive, headers, place)
        try:
            await self.app(scope, incoming.receive, _finish(send, exchange, incoming))
        finally:
            # also when the server gives the task up because the client hung up
            current_context.reset(token)
            try:
                _log(scope, exchange)
                name = exchange.access.name if exchange.access else NO_ROUTE
                self.services.measures.request(name, exchange.status, time.perf_counter() - exchange.started)
                if span is not None:
                    span.end_request(name, exchange.status, context.request_id)
                # waits while too many entries do, and holds its place for so long
                await self._audit(scope, exchange)
            finally:
                if place is not None:
                    place.end()

    def _request_id(self, headers: dict[bytes, bytes]) -> str:
        """The client's, or one that no other request has."""
        given = headers.get(b"x-request-id")
        if given is not None and REQUEST_ID.fullmatch(given):
            return given.decode()
        return f"{self._name}{next(self._numbers):08x}"

    async def _audit(self, scope: HTTPScope, exchange: Exchange) -> None:
        """Write down a denial, or whose record was read."""
        note = note_of(scope, exchange)
        if note is not None:
            await self.trail.add(note)


def note_of(scope: HTTPScope, exchange: Exchange) -> Note | None:
    """The audit log's entry for a request itself: a denial, or a reading of patients' records."""
    access = exchange.access
    context = exchange.context
    path: dict[str, Any] = scope.get("path_params", {})
    # an id that no row can have can't be stored here either
    ids = {name: value for name, value in path.items() if isinstance(value, int) and 0 < value <= MAX_ID}
    patient_id = ids.get("patient_id")
    if exchange.status == 403:
        route = access.name if access else f"{scope['method']} (no route)"
        entity_id = next(iter(ids.values()), None)
        entity = _entity_of(access.name) if access else "dcms"
        return Note(context, "denied", entity, entity_id, patient_id, None, {"route": route})
    if access is None:
        return None
    if exchange.status not in range(200, 300) and exchange.status != 304:
        return None
    if exchange.listed_patients is not None:
        listed = exchange.listed_patients
        return Note(context, "read", "patient", None, None, listed, {"ids": listed})
    if access.reads_patient:
        return Note(context, "read", "patient", patient_id, patient_id, None, {"route": access.name})
    return None


def _entity_of(route: str) -> str:
    """The table that a route is about, as far as its path tells."""
    first, *rest = route.partition(" ")[2].removeprefix(API).removeprefix("/fhir").strip("/").split("/")
    return TABLES.get("/".join([first, *rest[:1]])) or TABLES.get(first, first)


def client_address(scope: HTTPScope, forwarded_for: str | None, proxies: tuple[Network, ...]) -> str | None:
    """The client's address: the last one in X-Forwarded-For that is not a trusted proxy's."""
    client = scope.get("client")
    if client is None:
        return None
    address = client[0]
    if forwarded_for is not None:
        hops = [hop.strip() for hop in forwarded_for.split(",")]
        while hops[-1:] not in ([], [""]) and _is_among(address, proxies):
            address = hops.pop()
    return _normalize(address)


def _is_among(address: str, networks: tuple[Network, ...]) -> bool:
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in networks)


@lru_cache(ADDRESSES_KEPT)
def _parse(address: str) -> Any:
    """An address; IPv4 as such, whatever the socket makes of it, and without the interface of a link-local one."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


@lru_cache(ADDRESSES_KEPT)
def _normalize(address: str) -> str | None:
    parsed = _parse(address)
    return None if parsed is None else str(parsed)


async def _refuse(
    scope: HTTPScope, request_id: str, headers: dict[bytes, bytes], form: ProblemForm, receive: Receive, send: Send
) -> None:
    """Answer that the service is busy, with as little work as can be: no routing, no log line of its own."""
    problem = Unavailable("The service is busy.")
    body = msgspec.json.encode(form.body(problem, request_id, scope["path"]))
    await Incoming(receive, headers).discard()
    answered = [
        (b"content-type", form.media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"retry-after", problem.headers["Retry-After"].encode()),
        (b"x-request-id", request_id.encode()),
        *SECURITY_HEADERS,
        *DEFAULT_HEADERS,
    ]
    await send({"type": "http.response.start", "status": problem.status, "headers": answered})
    shown = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": shown, "more_body": False})


def _finish(send: Send, exchange: Exchange, incoming: Incoming) -> Send:
    async def finish(message: Message) -> None:
        if exchange.is_retryable:
            return
        if message["type"] == "http.response.start":
            if not incoming.is_complete:
                await incoming.discard()
            exchange.status = message["status"]
            own = dict(message["headers"])
            headers = [
                *message["headers"],
                (b"x-request-id", exchange.context.request_id.encode()),
                *SECURITY_HEADERS,
                *[default for default in DEFAULT_HEADERS if default[0] not in own],
            ]
            if exchange.context.max_staleness_s is not None:
                headers.append((b"preference-applied", b"max-staleness=%d" % exchange.context.max_staleness_s))
            message["headers"] = headers
        elif exchange.is_head and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return finish


def _log(scope: HTTPScope, exchange: Exchange) -> None:
    """One line a request: the route's template, never the path or the query, which may hold patients' data."""
    caller = exchange.context.caller
    log.info(
        "request",
        route=exchange.access.name if exchange.access else f"{scope['method']} (no route)",
        status=exchange.status,
        request_id=exchange.context.request_id,
        user_id=caller.user_id if caller else None,
        duration_ms=exchange.duration_ms,
    )
