"""Errors as RFC 9457 problem details: few classes, each with a status and a stable code."""

from collections.abc import Callable, Iterable
from typing import Any, Self

import msgspec

# Every code a client may meet, with its title. Stable: clients decide by them. Listed in docs/api.md.
TITLES: dict[str, str] = {
    "invalid_request": "The request is not valid",
    "unauthenticated": "Log in first",
    "forbidden": "Not allowed",
    "password_change_required": "Change the password first",
    "wrong_password": "The current password is wrong",
    "invalid_signature": "The signature is wrong",
    "not_found": "Not found",
    "method_not_allowed": "Method not allowed",
    "duplicate": "There is one already",
    "locked": "Somebody else is changing it",
    "in_use": "Still in use",
    "linked": "A link stands against it",
    "last_admin": "The last active administrator",
    "self": "Not on yourself",
    "user_already_linked": "The user is linked already",
    "not_a_patient_user": "Not a patient's login",
    "not_a_staff_user": "Not a staff login",
    "has_future_appointments": "There are future appointments",
    "merged": "The patient was merged into another",
    "not_merged": "The patients are not merged",
    "overlapping_appointments": "Their appointments overlap",
    "appointment_overlap": "The time is taken",
    "invalid_transition": "Not possible in this state",
    "idempotency_in_progress": "The first request with this key still runs",
    "nothing_to_invoice": "Nothing to invoice",
    "has_payments": "There are payments on it",
    "over_allocated": "More than there is",
    "over_refunded": "More than there is",
    "version_mismatch": "Changed in the meantime",
    "too_large": "The body is too large",
    "unsupported_media_type": "Unsupported media type",
    "refused": "A rule says no",
    "unknown_reference": "Refers to something unknown",
    "idempotency_mismatch": "The key belongs to another request",
    "outside_working_hours": "Outside working hours",
    "too_short_notice": "Too short notice",
    "beyond_horizon": "Too far ahead",
    "not_bookable": "Not bookable",
    "archived": "Archived",
    "inactive": "Not active",
    "opted_out": "The number opted out",
    "text_too_long": "The text is too long",
    "missing_values": "Values are missing",
    "empty": "Nothing in it",
    "too_many_requests": "Too many requests",
    "unavailable": "Not available now",
    "timeout": "It took too long",
    "internal_error": "Something went wrong here",
}


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(Exception):
    """An answer that is an error."""

    status = 500
    code = "internal_error"
    detail: str | None = None

    def __init__(self, detail: str | None = None, **extra: Any) -> None:
        super().__init__(self.code)
        self.detail = detail or self.detail
        self.errors: list[FieldError] = []
        self.headers: dict[str, str] = {}
        # further members of the problem, such as `conflicts` or `allowed`
        self.extra = extra

    def body(self, request_id: str, instance: str) -> dict[str, Any]:
        """The problem as RFC 9457 writes it."""
        return {
            "type": f"urn:dcms:problem:{self.code}",
            "title": TITLES[self.code],
            "status": self.status,
            "detail": self.detail or TITLES[self.code],
            "instance": instance,
            "code": self.code,
            "request_id": request_id,
            "errors": self.errors,
            **self.extra,
        }


class ProblemForm(msgspec.Struct, frozen=True):
    """How problems are told below a path."""

    base: str
    media_type: str
    # of a problem, the request's id and its path
    body: Callable[[Problem, str, str], dict[str, Any]]

    def covers(self, path: str) -> bool:
        """Whether a path is told so."""
        return path == self.base or path.startswith(f"{self.base}/")


RFC_9457 = ProblemForm("", "application/problem+json", Problem.body)


def form_of(path: str, forms: Iterable[ProblemForm]) -> ProblemForm:
    """How problems at a path are told: as RFC 9457 says, unless one of these forms covers it."""
    return next((form for form in forms if form.covers(path)), RFC_9457)


class Invalid(Problem):
    """400: the request is wrong in itself."""

    status = 400
    code = "invalid_request"

    @classmethod
    def of(cls, field: str, message: str) -> Self:
        """An error in one field."""
        return cls.of_fields([FieldError(field, message)])

    @classmethod
    def of_fields(cls, errors: list[FieldError]) -> Self:
        """Errors in several fields."""
        problem = cls()
        problem.errors = errors
        return problem


class Unauthenticated(Problem):
    """401: no token, or none that counts."""

    status = 401
    code = "unauthenticated"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail)
        self.headers["WWW-Authenticate"] = "Bearer"


class Forbidden(Problem):
    """403: the caller may not."""

    status = 403
    code = "forbidden"

    def __init__(self, code: str | None = None, detail: str | None = None) -> None:
        self.code = code or self.code
        super().__init__(detail)


class NotFound(Problem):
    """404: the path names nothing."""

    status = 404
    code = "not_found"


class MethodNotAllowed(Problem):
    """405: the path knows other methods."""

    status = 405
    code = "method_not_allowed"


class Coded(Problem):
    """A problem whose code the raiser names."""

    def __init__(self, code: str, detail: str | None = None, *, field: str | None = None, **extra: Any) -> None:
        self.code = code
        super().__init__(detail, **extra)
        if field is not None:
            self.errors = [FieldError(field, detail or TITLES[code])]


class Conflict(Coded):
    """409: what is stored stands against it."""

    status = 409


class VersionMismatch(Problem):
    """412: If-Match names another version."""

    status = 412
    code = "version_mismatch"


class TooLarge(Problem):
    """413: the body is over the limit."""

    status = 413
    code = "too_large"


class UnsupportedMediaType(Problem):
    """415: the body is of another type."""

    status = 415
    code = "unsupported_media_type"


class Refused(Coded):
    """422: a rule of the clinic says no."""

    status = 422


class TooManyRequests(Problem):
    """429: slow down."""

    status = 429
    code = "too_many_requests"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__()
        self.headers["Retry-After"] = str(max(1, retry_after_s))


class Unavailable(Problem):
    """503: the database is away, or there is too much to do."""

    status = 503
    code = "unavailable"

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail)
        self.headers["Retry-After"] = "1"


class Overtaken(Unavailable):
    """503: another request was quicker; the gate runs this one again before it answers so."""


class TimedOut(Problem):
    """504: the database took too long."""

    status = 504
    code = "timeout"


class InternalError(Problem):
    """500: a bug; logged with the request's id, hidden from the client."""


_BY_STATUS: dict[int, type[Problem]] = {403: Forbidden, 404: NotFound, 412: VersionMismatch}


def problem_of_code(status: int, code: str, extra: dict[str, Any]) -> Problem:
    """The problem that refuse() of the first migration names: extra may hold `field` and `detail`, a 400 `errors`."""
    if status == 400 and "errors" in extra:
        return Invalid.of_fields(msgspec.convert(extra["errors"], list[FieldError]))
    if status == 400:
        return Invalid.of(extra.get("field", ""), extra.get("detail", ""))
    if status == 403:
        return Forbidden(code, extra.get("detail"))
    if status in _BY_STATUS:
        return _BY_STATUS[status](extra.get("detail"))
    return (Conflict if status == 409 else Refused)(code, **extra)
