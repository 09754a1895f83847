"""What is on every answer: request ids, security headers; and HEAD, OPTIONS and 405."""

import asyncpg
import httpx
import pytest

from dcms.patients.repository import PatientRepository
from tests import make
from tests.api import Api, problem
from tests.contract.matrix import QUERY
from tests.contract.routes import BUILT
from tests.contract.world import World, build

SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture
async def world(api: Api) -> World:
    """A record of each kind."""
    return await build(api)


def secured(answer: httpx.Response, status: int) -> None:
    """Check what every answer has."""
    assert answer.status_code == status, answer.text
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    assert answer.headers["x-request-id"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "cache-control" in answer.headers
    for name in answer.headers:
        assert answer.headers.get_list(name) == [answer.headers[name]] or name == "set-cookie"


async def test_every_kind_of_answer_has_the_security_headers(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = await make.patient(api)
    path = f"/patients/{patient['patient_id']}"
    whole = await api.admin.get(path)
    etag = whole.headers["etag"]
    json = {"first_name": "A", "last_name": "B"}

    secured(whole, 200)
    secured(await api.admin.post("/patients", json=json), 201)
    secured(await api.doctor.post("/auth/logout"), 204)
    secured(await api.admin.get(path, headers={"If-None-Match": etag}), 304)
    secured(await api.admin.get("/patients?limit=0"), 400)
    secured(await api.anonymous.get("/patients"), 401)
    secured(await api.patient.get("/patients"), 403)
    secured(await api.admin.get("/patients/999"), 404)
    secured(await api.admin.get("/nowhere"), 404)
    secured(await api.anonymous.get("http://testserver/"), 404)
    secured(await api.admin.delete("/patients"), 405)
    secured(await api.admin.post("/patients", json=json | {"register_number": patient["register_number"]}), 409)
    secured(await api.admin.patch(path, json={}, headers={"If-Match": '"9-x"'}), 412)
    secured(await api.admin.post("/patients", content=b" " * 300_000), 413)
    secured(await api.admin.post("/patients", content=b"x"), 415)
    secured(await api.admin.head(path), 200)
    secured(await api.admin.options(path), 204)
    secured(await api.anonymous.get("http://testserver/schema"), 200)
    secured(await api.anonymous.get("http://testserver/schema/start.js"), 200)
    for error, status in ((RuntimeError("a bug"), 500), (asyncpg.CannotConnectNowError(), 503)):

        async def fail(self: PatientRepository, patient_id: int, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(PatientRepository, "get", fail)
        secured(await api.admin.get(path), status)


async def test_patients_data_is_not_kept_by_caches(api: Api, world: World) -> None:
    for endpoint in BUILT:
        if endpoint.method == "GET" and endpoint.path != "/api/v1/events":
            answer = await api.admin.get(f"{world.url(endpoint)}?{QUERY.get(endpoint.path, '')}")
            assert answer.headers["cache-control"] == "no-store", endpoint.name


async def test_a_bug_is_hidden(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(self: PatientRepository, patient_id: int) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(PatientRepository, "get", fail)
    answer = await api.admin.get("/patients/1", headers={"X-Request-Id": "find-me"})

    body = problem(answer, 500, "internal_error")
    assert body["request_id"] == "find-me"
    for hidden in ("secret", "RuntimeError", "Traceback", "dcms/"):
        assert hidden not in answer.text


@pytest.mark.parametrize("given", ["a", "x" * 128, "A-b_c.9"])
async def test_a_request_id_is_taken_and_told_everywhere(api: Api, given: str) -> None:
    headers = {"X-Request-Id": given}
    refused = await api.admin.get("/patients/1", headers=headers)
    denied = await api.patient.get("/patients/1", headers=headers)
    added = await api.admin.post("/patients", json={"first_name": "A", "last_name": "B"}, headers=headers)

    assert [answer.headers["x-request-id"] for answer in (refused, denied, added)] == [given] * 3
    assert problem(refused, 404, "not_found")["request_id"] == given
    assert problem(denied, 403, "forbidden")["instance"] == "/api/v1/patients/1"
    assert {entry["action"] for entry in await api.audited(request_id=given)} == {"create", "denied"}


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "ü", "a/b", "a\tb", "a,b", '"a"'])
async def test_another_request_id_is_replaced(api: Api, given: str) -> None:
    answers = [await api.admin.get("/clinic", headers=[(b"x-request-id", given.encode("latin-1"))]) for _ in range(2)]
    made = [answer.headers["x-request-id"] for answer in answers]

    assert given not in made
    assert len(set(made)) == 2
    assert all(each.isalnum() for each in made)


async def test_head_answers_like_get_without_the_body(api: Api, world: World) -> None:
    faults = []
    for endpoint in BUILT:
        if endpoint.method != "GET" or endpoint.path == "/api/v1/events":
            continue
        url = f"{world.url(endpoint)}?{QUERY.get(endpoint.path, '')}"
        get, head = await api.admin.get(url), await api.admin.head(url)
        # what the moment decides
        changing = {"x-request-id"} | ({"content-length", "etag"} if "meta" in url or "health" in url else set())
        if head.status_code != get.status_code or head.content:
            faults.append(f"{endpoint.name}: {head.status_code}")
        names = (get.headers.keys() | head.headers.keys()) - changing
        faults += [
            f"{endpoint.name}: {name} {head.headers.get(name)} {get.headers.get(name)}"
            for name in names
            if head.headers.get(name) != get.headers.get(name)
        ]

    assert not faults, "\n".join(faults)


async def test_another_method_is_405_with_those_that_are_allowed(api: Api, world: World) -> None:
    methods: dict[str, set[str]] = {}
    for endpoint in BUILT:
        methods.setdefault(endpoint.path, set()).add(endpoint.method)
    urls = {endpoint.path: world.url(endpoint) for endpoint in BUILT}
    faults = []
    for path, known in methods.items():
        for client in (api.admin, api.anonymous):
            for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - known:
                answer = await client.request(method, urls[path])
                allowed = {each.strip() for each in answer.headers.get("allow", "").split(",")}
                expected = known | {"OPTIONS"} | ({"HEAD"} if "GET" in known else set())
                if answer.status_code != 405 or answer.json()["code"] != "method_not_allowed" or allowed != expected:
                    faults.append(f"{method} {path}: {answer.status_code} {answer.headers.get('allow')}")
        answer = await api.anonymous.options(urls[path])
        if answer.status_code != 204 or {each.strip() for each in answer.headers["allow"].split(",")} < known:
            faults.append(f"OPTIONS {path}: {answer.status_code} {answer.headers.get('allow')}")

    assert not faults, "\n".join(faults)
    assert len(methods) > 100
