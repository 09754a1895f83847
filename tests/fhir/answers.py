"""What FHIR clients make of an answer: the library `fhir.resources` reads it, and the codes are of FHIR's value sets.

R4 is 4.0.1. The library no longer has its models, only those of R4B (4.3.0), which left these resources as they were.
"""

from collections.abc import Iterator
from typing import Any

import httpx
from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel

ROOT = "http://testserver/fhir"
BASE = "https://clinic.example/fhir"


def resource(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """The resource of an answer, which must be valid."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/fhir+json"
    body: dict[str, Any] = answer.json()
    validate(body)
    return body


def validate(body: dict[str, Any]) -> None:
    """Raise what is wrong with a resource."""
    model = get_fhir_model_class(body["resourceType"]).model_validate(body)
    assert list(wrong_codes(model)) == []
    assert list(empty(body)) == []


def wrong_codes(model: BaseModel) -> Iterator[str]:
    """The codes in a resource that their required value sets don't have."""
    for name, field in type(model).model_fields.items():
        values = getattr(model, name)
        known = (
            (field.json_schema_extra or {}).get("enum_values") if isinstance(field.json_schema_extra, dict) else None
        )
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, BaseModel):
                yield from wrong_codes(value)
            # the formats may be media types as well as the short words that the library knows
            elif name != "format" and value is not None and isinstance(known, list) and value not in known:
                yield f"{name}: {value}"


def empty(value: Any, path: str = "") -> Iterator[str]:
    """Where a resource has what FHIR doesn't allow: null, [], {} or an empty string."""
    if value is None or value in ("", [], {}):
        yield path
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from empty(part, f"{path}.{name}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from empty(part, f"{path}[{index}]")


def found(answer: httpx.Response) -> list[dict[str, Any]]:
    """The resources of a page, each also where its fullUrl says."""
    bundle = resource(answer)
    assert bundle["type"] == "searchset"
    entries = bundle.get("entry", [])
    assert [each["fullUrl"] for each in entries] == [
        f"{BASE}/{each['resource']['resourceType']}/{each['resource']['id']}" for each in entries
    ]
    return [each["resource"] for each in entries]


def ids(answer: httpx.Response) -> list[str]:
    """The ids of a page."""
    return [each["id"] for each in found(answer)]


def link(answer: httpx.Response, relation: str) -> str | None:
    """Where a page's link leads, at the test's service."""
    links = {each["relation"]: each["url"] for each in answer.json()["link"]}
    url = links.get(relation)
    return None if url is None else url.replace(BASE, ROOT)


# http://hl7.org/fhir/R4/valueset-issue-type.html, as far as it is of use for errors; the library doesn't check it
ISSUE_TYPES = {
    "invalid",
    "login",
    "forbidden",
    "not-found",
    "not-supported",
    "conflict",
    "too-long",
    "business-rule",
    "throttled",
    "transient",
    "timeout",
    "exception",
}


def outcome(answer: httpx.Response, status: int, code: str, issue: str) -> list[str]:
    """The texts of an OperationOutcome."""
    body = resource(answer, status)
    assert body["resourceType"] == "OperationOutcome"
    assert {each["code"] for each in body["issue"]} == {issue} <= ISSUE_TYPES
    assert {each["details"]["coding"][0]["code"] for each in body["issue"]} == {code}
    assert all(answer.headers["x-request-id"] in each["diagnostics"] for each in body["issue"])
    return [each["details"]["text"] for each in body["issue"]]
