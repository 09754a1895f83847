"""Every route refuses what is wrong with a problem that says so; nothing is stored, and nothing breaks."""

import base64
import gzip
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote

import httpx
import jwt
import pytest

from tests.api import JWT_KEYS, Api, problem
from tests.contract.bad import NO_JSON, bad_bodies, bad_values
from tests.contract.matrix import QUERY
from tests.contract.routes import BUILT, ROUTES, Endpoint, operation
from tests.contract.world import World, build, fingerprint

JSON = {"Content-Type": "application/json"}
WITH_BODY = [each for each in BUILT if ROUTES[each.name].takes_body]
WRITES = [each for each in BUILT if each.method != "GET" and not ROUTES[each.name].raw_body]
LISTS = [each for each in BUILT if each.method == "GET" and "cursor" in ROUTES[each.name].query]
STREAM = "/api/v1/events"


@pytest.fixture
async def world(api: Api) -> World:
    """A record of each kind."""
    return await build(api)


def body_of(endpoint: Endpoint) -> tuple[dict[str, Any], Any]:
    """The schema and the example of an endpoint's body."""
    medium = operation(endpoint)["requestBody"]["content"]["application/json"]
    return medium["schema"], medium["example"]


def parameters(endpoint: Endpoint) -> Iterator[tuple[str, dict[str, Any]]]:
    """The parameters of an endpoint's query, with their schemas."""
    for each in operation(endpoint)["parameters"]:
        if each.get("in") == "query":
            yield each["name"], each["schema"]


async def send(api: Api, world: World, endpoint: Endpoint, content: bytes, **headers: str) -> httpx.Response:
    """Send a body as the admin, who may do everything."""
    client = api.anonymous if ROUTES[endpoint.name].permission == "public" else api.admin
    return await client.request(endpoint.method, world.url(endpoint), content=content, headers=JSON | headers)


def fault(endpoint: Endpoint, what: str, answer: httpx.Response, *expected: int) -> list[str]:
    """What is wrong with an answer to something bad: nothing, or a line that says so."""
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    if answer.status_code in expected and is_problem and answer.json()["request_id"]:
        return []
    return [f"{endpoint.name} {what}: {answer.status_code} {answer.text[:200]}"]


async def test_what_is_no_json_is_400_and_nothing_is_stored(api: Api, world: World) -> None:
    before = await fingerprint(api)
    faults = []
    for endpoint in WRITES:
        for name, content in NO_JSON.items():
            faults += fault(endpoint, name, await send(api, world, endpoint, content), 400, 413)

    assert not faults, "\n".join(faults)
    assert await fingerprint(api) == before


async def test_every_wrong_field_is_400_and_nothing_is_stored(api: Api, world: World) -> None:
    before = await fingerprint(api)
    faults = []
    count = 0
    for endpoint in WITH_BODY:
        schema, example = body_of(endpoint)
        for name, content in bad_bodies(schema, example):
            if name == "body: None" and not ROUTES[endpoint.name].needs_body:
                continue
            if "NUL" in name and "password" in name:
                # a password may hold anything: it is only compared
                continue
            count += 1
            answer = await send(api, world, endpoint, content)
            faults += fault(endpoint, name, answer, 400)

    assert not faults, "\n".join(faults)
    assert count > 1000
    assert await fingerprint(api) == before


async def test_a_body_that_is_needed_must_be_there(api: Api, world: World) -> None:
    faults = []
    for endpoint in WITH_BODY:
        if ROUTES[endpoint.name].needs_body:
            faults += fault(endpoint, "no body", await send(api, world, endpoint, b""), 400)

    assert not faults, "\n".join(faults)


async def test_a_body_of_another_type_is_415(api: Api, world: World) -> None:
    types = [
        "text/plain",
        "application/jsonx",
        "application/json; charset=latin-1",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "\xff",
    ]
    faults = []
    for endpoint in WRITES:
        client = api.anonymous if ROUTES[endpoint.name].permission == "public" else api.admin
        for content_type in types:
            headers = [(b"content-type", content_type.encode("latin-1"))]
            answer = await client.request(endpoint.method, world.url(endpoint), content=b"{}", headers=headers)
            faults += fault(endpoint, content_type, answer, 415)
        if endpoint.method != "PATCH":
            merge = {"Content-Type": "application/merge-patch+json"}
            answer = await client.request(endpoint.method, world.url(endpoint), content=b"{}", headers=merge)
            faults += fault(endpoint, "merge patch", answer, 415)

    assert not faults, "\n".join(faults)


async def test_a_coded_body_is_415_and_told_what_is_taken(api: Api) -> None:
    coded = {"content": gzip.compress(b'{"name": "A"}'), "headers": JSON | {"Content-Encoding": "gzip"}}
    plain = {"content": b'{"name": "A"}', "headers": JSON | {"Content-Encoding": "identity"}}

    refused = await api.admin.post("/chairs", **coded)  # type: ignore[arg-type]
    added = await api.admin.post("/chairs", **plain)  # type: ignore[arg-type]

    problem(refused, 415, "unsupported_media_type")
    assert refused.headers["accept-encoding"] == "identity"
    assert added.status_code == 201


async def test_a_body_over_the_limit_is_413(api: Api, world: World) -> None:
    async def chunks(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 1024 + 1):
            yield b" " * 1024

    faults = []
    for endpoint in (each for each in BUILT if each.method != "GET"):
        access = ROUTES[endpoint.name]
        client = api.anonymous if access.permission == "public" else api.admin
        url = world.url(endpoint)
        known = await client.request(endpoint.method, url, content=b" " * (access.max_body + 1), headers=JSON)
        unknown = await client.request(endpoint.method, url, content=chunks(access.max_body), headers=JSON)
        odd = await client.request(endpoint.method, url, content=b"{}", headers=JSON | {"Content-Length": "9" * 30})
        for name, answer in (("known", known), ("unknown", unknown), ("odd", odd)):
            faults += fault(endpoint, f"{name} length", answer, 413)

    assert not faults, "\n".join(faults)
    assert {ROUTES[endpoint.name].max_body for endpoint in BUILT} <= {256 * 1024, 1024 * 1024}


async def test_every_wrong_parameter_is_400(api: Api, world: World) -> None:
    faults = []
    for endpoint in BUILT:
        client = api.anonymous if ROUTES[endpoint.name].permission == "public" else api.admin
        if ROUTES[endpoint.name].raw_body:
            continue
        needed = dict(pair.split("=") for pair in QUERY.get(endpoint.path, "").split("&") if pair)
        queries = [("unknown", "shoe_size=42"), ("unknown", "%00=1"), ("unknown", f"{'x' * 5000}=1")]
        for name, schema in parameters(endpoint):
            if endpoint.path != STREAM:
                # which begins with a reset whatever else it is asked to go on from
                queries += [(name, f"{name}={value}") for value in bad_values(schema)]
            if schema.get("type") != "array":
                value = quote(str(needed.get(name, schema.get("default", "2030-01-07"))))
                queries.append((f"{name} twice", f"{name}={value}&{name}={value}"))
        for name, query in queries:
            rest = "&".join(f"{key}={value}" for key, value in needed.items() if not query.startswith(f"{key}="))
            content = b"" if endpoint.method == "GET" else b"{}"
            url = f"{world.url(endpoint)}?{query}&{rest}".rstrip("&")
            answer = await client.request(endpoint.method, url, content=content, headers=JSON)
            faults += fault(endpoint, f"{name} {query[:60]}", answer, 400)

    assert not faults, "\n".join(faults)


async def test_a_lower_bound_over_the_upper_one_is_400(api: Api, world: World) -> None:
    faults = []
    for endpoint in BUILT:
        schemas = dict(parameters(endpoint))
        if {"from", "to"} <= schemas.keys():
            tail = "T00:00:00Z" if schemas["from"].get("format") == "date-time" else ""
            answer = await api.admin.get(f"{world.url(endpoint)}?from=2030-01-08{tail}&to=2030-01-07{tail}")
            faults += fault(endpoint, "from after to", answer, 400)

    assert not faults, "\n".join(faults)


async def test_a_cursor_of_nothing_is_400(api: Api, world: World) -> None:
    pages = {endpoint: await api.admin.get(f"{world.url(endpoint)}?limit=1{needed(endpoint)}") for endpoint in LISTS}
    cursors = {endpoint: page.json()["next_cursor"] for endpoint, page in pages.items()}
    given = {endpoint: cursor for endpoint, cursor in cursors.items() if cursor}
    assert len(given) >= 3
    faults = []
    for endpoint in LISTS:
        foreign = [cursor for other, cursor in given.items() if other != endpoint]
        own = [cursor[:-1] + ("A" if cursor[-1] != "A" else "B") for cursor in [given.get(endpoint)] if cursor]
        wrong = ["x", "AAAA", "=", "%ff", "%00", "A" * 10_000, quote(base64.b64encode(b"\xc1" * 40).decode())]
        for cursor in wrong + foreign + own:
            answer = await api.admin.get(f"{world.url(endpoint)}?cursor={cursor}{needed(endpoint)}")
            faults += fault(endpoint, f"cursor {cursor[:30]}", answer, 400)

    assert not faults, "\n".join(faults)


def needed(endpoint: Endpoint) -> str:
    """What else a GET must be asked with."""
    query = QUERY.get(endpoint.path)
    return f"&{query}" if query else ""


async def test_a_path_that_names_nothing_is_404(api: Api, world: World) -> None:
    wrong = [
        "0",
        "-1",
        str(2**63),
        "1" * 400,
        "abc",
        "1.5",
        "%00",
        "%201",
        "1%20",
        "+1",
        "01",
        "1_0",
        quote("٣"),
        "%ff",
    ]
    faults = []
    for endpoint in BUILT:
        if not endpoint.ids or ROUTES[endpoint.name].needs_body:
            continue
        for name in endpoint.ids:
            for value in wrong:
                url = endpoint.url(world.ids(endpoint) | {name: value})
                query = f"?{QUERY[endpoint.path]}" if endpoint.path in QUERY else ""
                answer = await api.admin.request(endpoint.method, url + query)
                faults += fault(endpoint, f"{name}={value[:30]}", answer, 404)

    assert not faults, "\n".join(faults)


async def test_a_token_that_does_not_count_is_401(api: Api, world: World) -> None:
    good = api.admin.headers["authorization"].removeprefix("Bearer ")
    head, claims, signature = good.split(".")
    said = jwt.decode(good, options={"verify_signature": False})
    no_algorithm = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": "k1"}).encode()).decode().rstrip("=")
    wrong = [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer x.y.z",
        f"Basic {good}",
        good,
        f"Bearer {good}x",
        f"Bearer {head}.{claims}.",
        f"Bearer {no_algorithm}.{claims}.",
        f"Bearer {head}.{claims}.{signature[::-1]}",
        "Bearer " + "x" * 10_000,
        "Bearer " + "\xff" * 10,
        "Bearer " + jwt.encode(said, b"another" * 8, "HS256", {"kid": "k1"}),
        "Bearer " + jwt.encode(said, JWT_KEYS["k1"], "HS256", {"kid": "k2"}),
        "Bearer " + jwt.encode(said, JWT_KEYS["k1"], "HS256"),
        "Bearer " + jwt.encode(said, JWT_KEYS["k1"] * 2, "HS512", {"kid": "k1"}),
        "Bearer " + jwt.encode(said | {"exp": int(time.time()) - 1}, JWT_KEYS["k1"], "HS256", {"kid": "k1"}),
        "Bearer " + jwt.encode(said | {"iss": "other"}, JWT_KEYS["k1"], "HS256", {"kid": "k1"}),
        "Bearer " + jwt.encode(said | {"roles": ["god"]}, JWT_KEYS["k1"], "HS256", {"kid": "k1"}),
        "Bearer " + jwt.encode(said | {"sub": "x"}, JWT_KEYS["k1"], "HS256", {"kid": "k1"}),
        "Bearer " + jwt.encode({"exp": said["exp"]}, JWT_KEYS["k1"], "HS256", {"kid": "k1"}),
    ]
    faults = []
    for endpoint in BUILT:
        if ROUTES[endpoint.name].permission == "public":
            continue
        for value in wrong if endpoint.path == "/api/v1/patients" else wrong[:4]:
            answer = await api.anonymous.request(
                endpoint.method, world.url(endpoint), headers=[(b"authorization", value.encode("latin-1"))]
            )
            faults += fault(endpoint, value[:40], answer, 401)
            if answer.headers.get("www-authenticate") != "Bearer":
                faults.append(f"{endpoint.name}: no WWW-Authenticate")

    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "ü", "a\tb", "\x7f"])
async def test_a_key_that_is_none_is_400_and_nothing_is_stored(api: Api, world: World, key: str) -> None:
    before = await fingerprint(api)
    faults = []
    for endpoint in (each for each in BUILT if ROUTES[each.name].keeps_answers):
        headers = [(b"idempotency-key", key.encode("latin-1")), (b"content-type", b"application/json")]
        answer = await api.admin.request(endpoint.method, world.url(endpoint), content=b"{}", headers=headers)
        faults += fault(endpoint, "key", answer, 400)
        if answer.status_code == 400 and answer.json()["errors"][0]["field"] != "Idempotency-Key":
            faults.append(f"{endpoint.name}: another field is named")

    assert not faults, "\n".join(faults)
    assert await fingerprint(api) == before


async def test_odd_headers_break_nothing(api: Api, world: World) -> None:
    odd = ["", " ", "x" * 60_000, '"', "W/", '"-"', ",,,", '"1', "\xff\xfe", '"99999999999999999999-x"', '"-1-x"']
    path = f"/patients/{world.own['patient_id']}"
    for value in odd:
        for name in ("If-None-Match", "If-Match", "Accept", "User-Agent", "X-Forwarded-For", "X-Request-Id", "Range"):
            headers = [(name.lower().encode(), value.encode("latin-1"))]
            answer = await api.admin.get(path, headers=headers)
            assert answer.status_code == 200, (name, value)
            assert re.fullmatch(r"[A-Za-z0-9._-]{1,128}", answer.headers["x-request-id"])
        if value.strip():
            answer = await api.admin.patch(path, json={"note": "x"}, headers=[(b"if-match", value.encode("latin-1"))])
            problem(answer, 412, "version_mismatch")
    assert (await api.admin.get(path)).json()["note"] == "for staff"
