"""From exceptions to answers: the one place where an error becomes a problem."""

from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)

from dcms.database.failures import FAILS_ALL, RETRYABLE, problem_of_failure
from dcms.web.exchange import KEY, Exchange
from dcms.web.problems import (
    FieldError,
    Forbidden,
    InternalError,
    Invalid,
    MethodNotAllowed,
    NotFound,
    Problem,
    form_of,
)

log = structlog.get_logger()


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer any exception with a problem; a bug is logged with its request id and hidden."""
    exchange: Exchange = request.scope[KEY]  # type: ignore[literal-required]
    # whatever the standby lacks, the primary may have
    retryable = RETRYABLE if exchange.context.max_staleness_s is None else (*RETRYABLE, *FAILS_ALL)
    if isinstance(error, retryable) and not exchange.is_last_attempt:
        exchange.is_retryable = True
    problem = problem_of(error)
    if problem is None:
        log.error("bug", request_id=exchange.context.request_id, exc_info=error)
        problem = InternalError()
    problem = _hide_from_patients(problem, exchange)
    path = request.scope["path"]
    form = form_of(path, request.app.state.problem_forms)
    content = form.body(problem, exchange.context.request_id, path)
    return Response(
        msgspec.json.encode(content), status_code=problem.status, media_type=form.media_type, headers=problem.headers
    )


def problem_of(error: Exception) -> Problem | None:
    """The problem of an exception; None for a bug."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        return _problem_of_litestar(error)
    return problem_of_failure(error)


def _problem_of_litestar(error: HTTPException) -> Problem | None:
    if isinstance(error, ValidationException):
        return _invalid(error)
    if isinstance(error, NotFoundException):
        return NotFound()
    if isinstance(error, MethodNotAllowedException):
        problem = MethodNotAllowed()
        allow = (error.headers or {}).get("allow", "").split(", ")
        problem.headers["Allow"] = ", ".join(sorted({*allow, "HEAD"} if "GET" in allow else allow))
        return problem
    if isinstance(error, ClientException) and error.status_code == 400:
        return Invalid()
    return None


def _invalid(error: ValidationException) -> Problem:
    """Litestar's own checks of parameters: a path that fails them names nothing."""
    extra = error.extra if isinstance(error.extra, list) else []
    if any(str(each.get("source")) in ("path", "ParamType.PATH") for each in extra):
        return NotFound()
    return Invalid.of_fields([FieldError(each.get("key", ""), each["message"]) for each in extra])


def _hide_from_patients(problem: Problem, exchange: Exchange) -> Problem:
    """To a patient's login whatever isn't his is forbidden, whether it exists or not."""
    caller = exchange.context.caller
    is_patient = caller is not None and caller.own_patient_id is not None
    if is_patient and isinstance(problem, NotFound) and exchange.access and exchange.access.open_to_patients:
        return Forbidden()
    return problem


EXCEPTION_HANDLERS: dict[type[Exception] | int, Callable[[Request[Any, Any, Any], Any], Response[bytes]]] = {
    Exception: answer_error,
    HTTPException: answer_error,
}
