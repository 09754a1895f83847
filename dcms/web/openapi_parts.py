"""What the operations of the OpenAPI document share: headers, problems, security, and the words about it all."""

from typing import Any

import msgspec

from dcms.web.problems import (
    TITLES,
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    ProblemForm,
    Refused,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
    VersionMismatch,
)
from dcms.web.schemas import REF, Schemas

INFO = {
    "title": "dcms",
    "description": (
        "A dental clinic: patients, appointments, messages, treatments and billing.\n\n"
        "Times are RFC 3339 with an offset, in the clinic's zone; money is a string with two places. PATCH is JSON "
        "Merge Patch: absent stays, null clears. Lists answer `{items, next_cursor}`. Errors are RFC 9457 problems; "
        "clients decide by `code`. Writes take `If-Match` with an ETag, POST takes an `Idempotency-Key`."
    ),
    "license": {"name": "MIT", "identifier": "MIT"},
}
SECURITY_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The `access_token` of POST /api/v1/auth/login. It is short-lived: POST /api/v1/auth/refresh.",
    }
}

REQUEST_ID = {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$"}
ETAG = '"3-0b1c2d3e4f5a6b7c8d"'


# no examples: the page would fill them in, and the next try would answer 412 or a replay
def _header(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": description, "schema": schema}


PARAMETERS = {
    "If-Match": _header(
        "If-Match",
        "Change it only while it has this version: an ETag that a GET gave, or `*`. Another version is 412.",
        {"type": "string"},
    ),
    "If-None-Match": _header("If-None-Match", "Answer 304 while the answer is still this one.", {"type": "string"}),
    "Idempotency-Key": _header(
        "Idempotency-Key",
        "Have the effect once, however often this is sent: the same key and request get the first answer again, for "
        "24 hours.",
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    ),
    "Prefer": _header(
        "Prefer",
        "`max-staleness=60` allows an answer from a standby that is behind by 60 seconds at the most (1 to 3600); the "
        "answer says `Preference-Applied` when it is one. Anything else is ignored.",
        {"type": "string"},
    ),
    "X-Request-Id": _header(
        "X-Request-Id",
        "Names the request in answers, logs and the audit log: 1 to 128 of `A-Za-z0-9._-`; made when there is none.",
        {"type": "string"},
    ),
}
HEADERS = {
    "X-Request-Id": {"description": "The request's name.", "schema": REQUEST_ID, "required": True},
    "ETag": {"description": "The version and a digest of the answer.", "schema": {"type": "string"}, "example": ETAG},
    "Location": {
        "description": "The path of the new resource, if it has one of its own.",
        "schema": {"type": "string"},
        "example": "/api/v1/patients/1",
    },
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}, "required": True},
    "Preference-Applied": {
        "description": "What of `Prefer` was applied: the answer is a standby's.",
        "schema": {"type": "string", "pattern": "^max-staleness=[1-9][0-9]*$"},
        "example": "max-staleness=60",
    },
    "Idempotency-Replayed": {
        "description": "`true` when this is the first answer given again.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}

# component name and an example for each status that is a problem
PROBLEMS: dict[int, tuple[str, Problem]] = {
    400: ("BadRequest", Invalid.of("last_name", "is required")),
    401: ("Unauthenticated", Unauthenticated()),
    403: ("Forbidden", Forbidden()),
    404: ("NotFound", NotFound()),
    409: ("Conflict", Conflict("duplicate")),
    412: ("VersionMismatch", VersionMismatch()),
    413: ("TooLarge", TooLarge()),
    415: ("UnsupportedMediaType", UnsupportedMediaType()),
    422: ("Refused", Refused("archived")),
    429: ("TooManyRequests", TooManyRequests(60)),
    503: ("Unavailable", Unavailable()),
}
DESCRIPTIONS = {
    400: "The request is wrong in itself; `errors` names every bad field.",
    401: "No login, or one that counts no more.",
    403: "The caller may not.",
    404: "The path names nothing.",
    409: "What is stored stands against it; `code` says what.",
    412: "If-Match names another version; nothing was changed.",
    413: "The body is too large.",
    415: "The body is of another type.",
    422: "A rule of the clinic says no; `code` says which.",
    429: "Too many tries.",
    503: "The database is away, or there is too much to do.",
}

WEBHOOK_EXAMPLE = {"MessageSid": "SM0123456789abcdef0123456789abcdef", "From": "+491712345678", "Body": "STOP"}
TEXT_EXAMPLES = {
    "text/csv": "patient_id,register_number,user_id,first_name,last_name\r\n1,P000001,,Anna,Müller\r\n",
    "image/svg+xml": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 200"></svg>',
    "text/calendar": (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//dcms//calendar feed//EN\r\nX-WR-CALNAME:Dr. Eva Braun\r\n"
        "BEGIN:VEVENT\r\nUID:appointment-1@clinic.example\r\nDTSTAMP:20261123T080000Z\r\nSEQUENCE:1\r\n"
        "DTSTART:20261123T080000Z\r\nDTEND:20261123T083000Z\r\nSUMMARY:Appointment\r\nSTATUS:TENTATIVE\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    ),
    "text/html": "<!doctype html><title>dcms</title>",
    "application/xml": '<?xml version="1.0" encoding="UTF-8"?><Response></Response>',
    "text/xml": '<?xml version="1.0" encoding="UTF-8"?><Response></Response>',
    "text/event-stream": (
        "id: 7\nevent: appointment.changed\n"
        'data: {"entity":"appointment","id":1,"action":"update","version":2,"at":"2026-11-23T09:00:00+01:00"}\n\n'
    ),
}


class ProblemDetails(msgspec.Struct):
    """An error as RFC 9457 writes it; some codes have further members, such as `conflicts` or `allowed`."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[FieldError]


def response_ref(status: int) -> dict[str, str]:
    """The shared answer of a status."""
    name = "NotModified" if status == 304 else PROBLEMS[status][0]
    return {"$ref": f"#/components/responses/{name}"}


def response_in(form: ProblemForm, status: int) -> dict[str, Any]:
    """The answer of a status where problems are told in another form."""
    example = PROBLEMS[status][1]
    medium = {
        "schema": {"type": "object"},
        "example": msgspec.to_builtins(form.body(example, "5f0c9a1e7d3b4c2a8e6f1b0d", form.base)),
    }
    return {
        "description": DESCRIPTIONS[status],
        "headers": _headers("X-Request-Id", *_headers_of(example)),
        "content": {form.media_type: medium},
    }


def responses(schemas: Schemas) -> dict[str, Any]:
    """The answers that all operations share; puts the schema of problems beside the others."""
    schemas.of(ProblemDetails)
    problem = schemas.components["Problem"] = schemas.components.pop("ProblemDetails")
    problem["properties"]["code"]["enum"] = list(TITLES)
    answers: dict[str, Any] = {
        "NotModified": {"description": "The client has it already.", "headers": _headers("X-Request-Id", "ETag")}
    }
    for status, (name, example) in PROBLEMS.items():
        medium = {
            "schema": {"$ref": f"{REF}Problem"},
            "example": msgspec.to_builtins(example.body("5f0c9a1e7d3b4c2a8e6f1b0d", "/api/v1/patients/1")),
        }
        answers[name] = {
            "description": DESCRIPTIONS[status],
            "headers": _headers("X-Request-Id", *_headers_of(example)),
            "content": {"application/problem+json": medium},
        }
    return answers


def _headers_of(problem: Problem) -> tuple[str, ...]:
    return ("Retry-After",) if "Retry-After" in problem.headers else ()


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
