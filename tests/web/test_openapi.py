"""GET /schema and /schema/openapi.json."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from litestar import Litestar
from openapi_spec_validator import OpenAPIV31SpecValidator

from dcms.web.front import Front
from dcms.web.reference import document_of
from tests.api import Api


@pytest.fixture(scope="session")
def document(app: Front) -> dict[str, Any]:
    """The OpenAPI document."""
    decoded: dict[str, Any] = msgspec.json.decode(document_of(litestar(app)))
    return decoded


def litestar(app: Front) -> Litestar:
    """The application inside its front."""
    assert isinstance(app.app, Litestar)
    return app.app


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation under its method and path."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What a reference refers to."""
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def media(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body and answer, with the schema and the example."""
    for name, operation in operations(document):
        for content_type, medium in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{name} body {content_type}", medium
        for status, answer in operation["responses"].items():
            for content_type, medium in resolve(document, answer).get("content", {}).items():
                yield f"{name} {status} {content_type}", medium


def parameters(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """An operation's parameters by name."""
    return {each["name"]: each for each in (resolve(document, ref) for ref in operation["parameters"])}


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_every_route_is_an_operation_named_like_its_handler(document: dict[str, Any], app: Front) -> None:
    table = litestar(app).state.routes.values()
    routes = {access.name.rstrip("/") for access in table if listed(access.name)}
    ids = [operation["operationId"] for _, operation in operations(document)]

    assert {name for name, _ in operations(document)} == routes
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", each) for each in ids)


def listed(name: str) -> bool:
    """Whether the document is to have a route: all but pages, files and the document itself."""
    return name == "GET /home" or any(base in name for base in ("/api/v1", "/calendars", "/fhir"))


def test_every_example_is_valid(document: dict[str, Any]) -> None:
    faults = []
    for name, medium in media(document):
        schema = {"$schema": Draft202012Validator.META_SCHEMA["$id"], **medium["schema"]}
        validator = Draft202012Validator(
            schema | {"components": document["components"]}, format_checker=FormatChecker()
        )
        faults += [
            f"{name}: {error.json_path} {error.message[:200]}" for error in validator.iter_errors(medium["example"])
        ]

    assert faults == []


def test_the_check_of_examples_can_fail() -> None:
    validator = Draft202012Validator({"type": "string", "format": "date"}, format_checker=FormatChecker())

    assert list(validator.iter_errors("yesterday"))


def test_tags_schemas_and_operations_are_described(document: dict[str, Any]) -> None:
    used = {tag for _, operation in operations(document) for tag in operation["tags"]}

    assert {tag["name"] for tag in document["tags"] if tag["description"]} == used
    assert all(operation["summary"] and operation["description"] for _, operation in operations(document))
    nameless = [name for name in document["components"]["schemas"] if not re.fullmatch(r"[A-Za-z0-9]+", name)]
    assert nameless == []
    assert "PatientPage" in document["components"]["schemas"]


def test_each_operation_says_which_problems_it_answers(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        method, path = name.split()
        statuses = set(operation["responses"])
        expected = {"400", "503"}
        if operation["x-permission"] != "public":
            expected |= {"401", "403"}
        if "{" in path or path.endswith("/lookup"):
            expected.add("404")
        if method != "GET":
            expected.add("413")
        if method != "GET" and operation["x-permission"] != "public":
            expected |= {"409", "415", "422"}
        if "/login" in path or path.endswith("/change_password"):
            expected.add("429")
        assert expected <= statuses, name
        # what isn't ready says so in the same words as what is
        good = {"200", "201", "202", "204", "304", "302", "303"} | ({"503"} if path.endswith("/health") else set())
        for status in statuses - good:
            media_type = "application/fhir+json" if path.startswith("/fhir") else "application/problem+json"
            assert list(resolve(document, operation["responses"][status])["content"]) == [media_type]


async def test_an_empty_filter_is_none_and_the_document_says_so(document: dict[str, Any], api: Api) -> None:
    for name, operation in operations(document):
        for parameter in operation["parameters"]:
            if parameter.get("in") == "query":
                schema = parameter["schema"]
                optional = not parameter.get("required") and "default" not in schema and schema.get("type") != "array"
                assert parameter.get("allowEmptyValue", False) is optional, (name, parameter["name"])

    assert (await api.admin.get("/calls?to=&direction=&patient_id=&phone=")).status_code == 200
    assert (await api.admin.get("/appointments?status=")).status_code == 400


def test_each_answer_says_what_it_holds(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                assert ("content" in answer) == (status != "204"), name

    availability = document["paths"]["/api/v1/availability"]["get"]["responses"]["200"]["content"]
    assert len(availability["application/json"]["schema"]["anyOf"]) == 2
    events = document["paths"]["/api/v1/events"]["get"]["responses"]["200"]["content"]
    assert list(events) == ["text/event-stream"]


def test_headers_are_described_where_they_count(document: dict[str, Any]) -> None:
    patient = document["paths"]["/api/v1/patients/{patient_id}"]
    added = document["paths"]["/api/v1/patients"]["post"]

    assert parameters(document, patient["patch"]).keys() == {"patient_id", "If-Match", "X-Request-Id"}
    assert parameters(document, patient["get"]).keys() == {"patient_id", "If-None-Match", "X-Request-Id"}
    assert parameters(document, added).keys() == {"Idempotency-Key", "X-Request-Id"}
    assert "If-None-Match" not in parameters(document, document["paths"]["/api/v1/patients"]["get"])
    assert "412" in patient["patch"]["responses"]
    assert "304" in patient["get"]["responses"]
    assert added["responses"]["201"]["headers"].keys() == {"X-Request-Id", "Location", "ETag", "Idempotency-Replayed"}
    assert patient["patch"]["requestBody"]["content"].keys() == {"application/json", "application/merge-patch+json"}
    assert document["components"]["responses"]["Unavailable"]["headers"].keys() == {"X-Request-Id", "Retry-After"}


def test_what_has_the_version_of_its_owner_says_so(document: dict[str, Any]) -> None:
    held = document["paths"]["/api/v1/employees/{employee_id}/positions"]["get"]
    one = document["paths"]["/api/v1/employees/{employee_id}/positions/{position_id}"]

    assert "If-None-Match" in parameters(document, held)
    assert "ETag" in held["responses"]["200"]["headers"]
    for operation in (one["post"], one["delete"]):
        assert "If-Match" in parameters(document, operation)
        assert "412" in operation["responses"]


def test_a_merge_patch_is_an_object(document: dict[str, Any]) -> None:
    lists = {
        name: operation["requestBody"]["content"].keys()
        for name, operation in operations(document)
        for medium in operation.get("requestBody", {}).get("content", {}).values()
        if medium["schema"].get("type") == "array"
    }

    assert len(lists) >= 2
    assert set(map(tuple, lists.values())) == {("application/json",)}


def test_security_is_described(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert document["security"] == [{"token": []}]
    for _, operation in operations(document):
        assert (operation.get("security") == []) == (operation["x-permission"] == "public")


def test_ids_have_64_bits_and_amounts_are_strings(document: dict[str, Any]) -> None:
    path_id = parameters(document, document["paths"]["/api/v1/patients/{patient_id}"]["get"])["patient_id"]
    patient = document["components"]["schemas"]["Patient"]

    assert path_id["schema"] == {"type": "integer", "format": "int64", "minimum": 1}
    assert patient["properties"]["patient_id"]["format"] == "int64"
    assert patient["properties"]["created_at"] == {"type": "string", "format": "date-time"}
    assert patient["properties"]["merged_into"] == {"anyOf": [{"type": "integer", "format": "int64"}, {"type": "null"}]}


async def test_the_page_loads_nothing_from_elsewhere(api: Api) -> None:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=api.app), base_url="http://testserver")  # type: ignore[arg-type]

    page = await client.get("/schema")
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "http:" not in page.text
    assert "https:" not in page.text
    assert [link for link in links if not link.startswith("/schema/")] == ["data:,"]
    for link in links[1:]:
        assert (await client.get(link)).status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy
    document = await client.get("/schema/openapi.json")
    assert document.headers["content-type"] == "application/json"
    assert document.json()["info"]["title"] == "dcms"
