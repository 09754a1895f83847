"""The gate before every handler: 401, 403, 413, 415, the idempotency key, 400 for the query, in this order.

It also sends readings to the standby that ask for it, and runs a request again that the database undid for another's
sake (deadlock, serialization) or that the standby could not answer.
"""

import asyncio
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from litestar.utils.scope.state import ScopeState

from dcms.access.authenticator import Authenticator
from dcms.access.callers import Caller
from dcms.access.permissions import Permission, Role
from dcms.database.failures import RETRYABLE
from dcms.database.pool import Database
from dcms.database.standby import Standby
from dcms.web.answers import RawAnswer, versions_of, wants_page
from dcms.web.bodies import read_body
from dcms.web.exchange import Exchange, exchange_of, lines_of
from dcms.web.fields import MAX_ID
from dcms.web.idempotency import BufferedAnswer, Claim, fingerprints
from dcms.web.preferences import max_staleness
from dcms.web.problems import (
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    TooLarge,
    Unauthenticated,
    UnsupportedMediaType,
)
from dcms.web.routes import RouteAccess

ATTEMPTS = 3
# a body that takes longer is not worth the connection
BODY_WITHIN_S = 10
JSON_TYPES = ("application/json",)
PATCH_TYPES = ("application/json", "application/merge-patch+json")


class NoFields(msgspec.Struct):
    """The body of an action that takes none."""


class Undone(Exception):
    """Leaves a transaction whose answer is an error, so that nothing of it stays."""


class Gate:
    """ASGI middleware inside Litestar's routing: the route is known, its handler not yet called."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through to its handler, or raise the problem that stops it."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        state = scope["litestar_app"].state
        exchange = exchange_of(scope)
        access: RouteAccess | None = state.routes.get((id(scope["route_handler"]), scope["method"]))
        if access is None:
            # OPTIONS, the only routes without terms
            allow = state.methods[scope["path_template"]]
            await RawAnswer(204, [(b"allow", allow.encode())], b"")(scope, receive, send)
            return
        exchange.access = access
        headers = exchange.headers
        if access.permission is not Permission.PUBLIC:
            try:
                caller = await _caller(state.authenticator, headers, access)
            except Unauthenticated:
                if access.login_page is None or not wants_page(headers.get(b"accept", b"").decode("latin-1")):
                    raise
                await RawAnswer(303, [(b"location", access.login_page.encode())], b"")(scope, receive, send)
                return
            exchange.context.caller = caller
            try:
                _authorize(caller, access, scope)
            except Forbidden:
                # what forbids it may have been changed by another process a moment ago
                caller = await state.authenticator.caller_now(caller)
                exchange.context.caller = caller
                _authorize(caller, access, scope)
        exchange.body = await _read_body(headers, access, receive, scope["method"])
        if b"if-match" in headers:
            exchange.context.if_match = versions_of(lines_of(scope, b"if-match"))
        if access.may_be_stale and state.standby is not None:
            exchange.context.max_staleness_s = _allowed_staleness(scope, state.standby)
        key = headers.get(b"idempotency-key") if access.keeps_answers else None
        if access.changes_access:
            send = _after_catching_up(send, state.authenticator)
        await self._run(scope, receive, send, exchange, state.database, key)

    async def _run(
        self, scope: HTTPScope, receive: Receive, send: Send, exchange: Exchange, database: Database, key: bytes | None
    ) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            exchange.is_last_attempt = attempt == ATTEMPTS
            exchange.is_retryable = False
            ScopeState.from_scope(scope).response_started = False
            try:
                if key is None:
                    await self._answer(scope, receive, send, exchange)
                else:
                    await self._answer_once(scope, receive, send, exchange, database, key)
            except Exception as error:
                # not the handler's, whose are answered inside: a key's, or of the end of its transaction
                exchange.is_retryable = isinstance(error, RETRYABLE) and not exchange.is_last_attempt
                if not exchange.is_retryable:
                    exchange.is_last_attempt = True
                    raise
            if not exchange.is_retryable:
                return
            exchange.context.max_staleness_s = None

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send, exchange: Exchange) -> None:
        _check_path(scope)
        _read_query(scope, exchange)
        _check_body(exchange)
        await self.app(scope, _replay(exchange.body, receive), send)

    async def _answer_once(
        self, scope: HTTPScope, receive: Receive, send: Send, exchange: Exchange, database: Database, key: bytes
    ) -> None:
        """Run the handler and keep its answer in one transaction, or give the kept answer again."""
        caller = exchange.context.caller
        assert caller is not None
        secrets = scope["litestar_app"].state.idempotency_secrets
        claim = Claim(database, caller.user_id, key, fingerprints(secrets, scope, exchange.body))
        answer = BufferedAnswer()
        try:
            async with database.transaction():
                if await claim.replay(send):
                    return
                await self._answer(scope, receive, answer.send, exchange)
                if not 200 <= answer.status < 300:
                    raise Undone
                await claim.keep(answer)
        except Undone:
            pass
        except Exception:
            # the answer was only kept back: nothing was sent, so the failure can still be answered
            ScopeState.from_scope(scope).response_started = False
            raise
        if not exchange.is_retryable:
            await answer.deliver(send)


async def _caller(authenticator: Authenticator, headers: dict[bytes, bytes], access: RouteAccess) -> Caller:
    if access.login_page is not None and b"authorization" not in headers:
        return await authenticator.page_caller(headers.get(b"cookie"))
    return await authenticator.caller(headers.get(b"authorization"))


def _authorize(caller: Caller, access: RouteAccess, scope: HTTPScope) -> None:
    if caller.must_change_password and not access.before_password_change:
        raise Forbidden("password_change_required")
    may = access.permission is Permission.AUTHENTICATED or caller.may(access.permission)
    if not may and not (access.open_to_own_employee and _is_own_employee(caller, scope)):
        raise Forbidden
    if access.closed_to_impersonation and caller.impersonator_id is not None:
        raise Forbidden(detail="Not while acting as another user.")
    if Role.PATIENT in caller.roles and access.permission is not Permission.AUTHENTICATED:
        _authorize_patient(caller, access, scope)


def _is_own_employee(caller: Caller, scope: HTTPScope) -> bool:
    return caller.employee_id is not None and str(scope["path_params"].get("employee_id")) == str(caller.employee_id)


def _authorize_patient(caller: Caller, access: RouteAccess, scope: HTTPScope) -> None:
    """A patient's login reaches its own record only; statements see to single rows by :own_patient_id."""
    if not access.open_to_patients:
        raise Forbidden
    named = [scope["path_params"].get("patient_id")]
    named += [value for name, value in _query_pairs(scope) if name == "patient_id"]
    if any(str(value) != str(caller.patient_id) for value in named if value is not None):
        raise Forbidden


def _allowed_staleness(scope: HTTPScope, standby: Standby) -> int | None:
    """The staleness that the client allows, when the standby keeps within it."""
    allowed = max_staleness(lines_of(scope, b"prefer"))
    return allowed if allowed is not None and standby.staleness_s <= allowed else None


async def _read_body(headers: dict[bytes, bytes], access: RouteAccess, receive: Receive, method: str) -> bytes:
    if method in ("GET", "HEAD"):
        return b""
    length = headers.get(b"content-length", b"0")
    if not length.isdigit() or int(length[:20]) > access.max_body:
        raise TooLarge(f"A body here has at most {access.max_body} bytes.")
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            body = await _read_chunks(access, receive)
    except TimeoutError:
        raise Invalid.of("", f"the body was not complete within {BODY_WITHIN_S} s") from None
    if body and not access.raw_body:
        _check_media_type(headers.get(b"content-type", b""), method)
        _check_coding(headers.get(b"content-encoding", b""))
    return body


async def _read_chunks(access: RouteAccess, receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            raise Invalid.of("", "the connection broke before the body was complete")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > access.max_body:
            raise TooLarge(f"A body here has at most {access.max_body} bytes.")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _check_media_type(content_type: bytes, method: str) -> None:
    allowed = PATCH_TYPES if method == "PATCH" else JSON_TYPES
    media_type, _, parameters = content_type.decode("latin-1").partition(";")
    charset = parameters.strip().lower()
    if media_type.strip().lower() not in allowed or charset not in ("", "charset=utf-8", 'charset="utf-8"'):
        problem = UnsupportedMediaType(f"Send {' or '.join(allowed)} in UTF-8.")
        problem.headers["Accept-Patch" if method == "PATCH" else "Accept"] = ", ".join(allowed)
        raise problem


def _check_coding(coding: bytes) -> None:
    if coding.strip().lower() not in (b"", b"identity"):
        problem = UnsupportedMediaType("Send the body as it is, not compressed.")
        problem.headers["Accept-Encoding"] = "identity"
        raise problem


def _check_path(scope: HTTPScope) -> None:
    """An id that no row can have names nothing, and neither does one in another spelling (`+1`, `01`)."""
    segments = scope["path"].split("/")
    for value in scope["path_params"].values():
        if isinstance(value, int):
            if not 1 <= value <= MAX_ID or str(value) not in segments:
                raise NotFound
            segments.remove(str(value))


def _check_body(exchange: Exchange) -> None:
    access = exchange.access
    assert access is not None
    if access.needs_body and not exchange.body:
        raise Invalid.of("", "a body is required")
    if exchange.body and not access.takes_body and not access.raw_body:
        read_body(exchange.body, NoFields)


def _query_pairs(scope: HTTPScope) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))


def _read_query(scope: HTTPScope, exchange: Exchange) -> None:
    """Read the query string into typed values, with every fault named."""
    access = exchange.access
    assert access is not None
    if access.raw_body and not access.query:
        # a webhook's query is part of what its signature covers; the sender decides what is in it
        return
    if not scope["query_string"] and not access.required:
        ScopeState.from_scope(scope).parsed_query = ()
        return
    pairs = _query_pairs(scope)
    exchange.query = pairs
    errors: list[FieldError] = []
    values: list[tuple[str, Any]] = []
    seen: set[str] = set()
    errors += [FieldError(name, "is required") for name in sorted(access.required - {name for name, _ in pairs})]
    for name, value in pairs:
        if name not in access.query:
            errors.append(FieldError(name[:100], "is unknown"))
            continue
        if name in access.repeatable:
            faults: list[FieldError] = []
            values += [(name, item) for item in access.query[name]([value], name, faults) or ()]
            errors += [FieldError(name, fault.message) for fault in faults]
            continue
        if name in seen:
            errors.append(FieldError(name, "may be given once only"))
        seen.add(name)
        read = access.query[name](value, name, errors)
        if read is not None:
            values.append((name, read))
    bounds = dict(values)
    if (
        not errors
        and type(bounds.get("from")) is type(bounds.get("to"))
        and bounds.get("from", 0) > bounds.get("to", 0)
    ):
        errors.append(FieldError("to", "must not be before from"))
    if errors:
        raise Invalid.of_fields(errors)
    ScopeState.from_scope(scope).parsed_query = tuple(values)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body, which the gate has read, to the handler."""
    is_given = False

    async def replay() -> Any:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _after_catching_up(send: Send, authenticator: Authenticator) -> Send:
    """Who has been told that a session ended or a role was given finds it so in the next request."""

    async def caught_up(message: Message) -> None:
        if message["type"] == "http.response.start":
            await authenticator.catch_up()
        await send(message)

    return caught_up
