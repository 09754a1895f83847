"""Every kept POST gives its first answer again under the same key, and has its effect once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from litestar.exceptions import LitestarException

from dcms.app import create_app
from dcms.patients.repository import PatientRepository
from dcms.process import Services
from dcms.web.front import Front
from tests import make
from tests.api import JWT_KEYS, Api, problem
from tests.contract.routes import BUILT, ROUTES, Endpoint
from tests.contract.world import World, build, fingerprint
from tests.databases import application_url

KEPT = {each.name: each for each in BUILT if ROUTES[each.name].keeps_answers}
ANNA = {"first_name": "Anna", "last_name": "Müller"}


class Request(msgspec.Struct):
    """A kept POST that does something, in the state in which the ones before it left the clinic."""

    name: str
    status: int
    body: Any = None
    # ids in the path, when they are not the world's
    ids: dict[str, int] = {}
    query: str = ""


async def requests(api: Api, world: World) -> list[Request]:
    """One for each kept POST, in an order in which each finds what it needs."""
    own, shared = world.own, world.shared
    day = {"doctor_id": shared["doctor_id"], "patient_id": own["patient_id"]}
    draft = await make.draft(api, own["patient_id"])
    incoming = await api.owner.fetchval(
        "insert into sms (e164, direction, text, status, segments, encoding, received_at) "
        "values ('+491712345678', 'in', 'Hi', 'received', 1, 'GSM-7', now()) returning sms_id"
    )
    spare = (await make.employee(api))["employee_id"]
    merged = (await make.patient(api))["patient_id"]
    item = f"/treatment_items/{own['treatment_item_id']}"
    assert (await api.admin.patch(item, json={"status": "done"})).status_code == 200
    appointment = "POST /api/v1/appointments/{appointment_id}"
    employee = "POST /api/v1/employees/{employee_id}"
    patient = "POST /api/v1/patients/{patient_id}"
    link = {"user_id": api.user_ids["patient"]}
    source = {"source_patient_id": merged}
    return [
        Request("POST /api/v1/appointments", 201, make.jsonable(day | {"starts_at": make.workday(14)})),
        Request(
            "POST /api/v1/appointments/validate_no_overlap",
            200,
            make.jsonable(day | {"starts_at": make.workday(15)}),
        ),
        Request(f"{appointment}/confirm", 200),
        Request(f"{appointment}/check_in", 200, {}),
        Request(f"{appointment}/finish", 200),
        Request(f"{appointment}/reopen", 200, {"reason": "a mistake"}),
        Request(f"{appointment}/no_show", 200),
        Request(f"{appointment}/cancel", 200, {"reason": "flu"}, {"appointment_id": world.other["appointment_id"]}),
        Request("POST /api/v1/calls", 201, {"number": "0171 2345678", "direction": "in"}),
        Request("POST /api/v1/chairs", 201, {"name": "Chair 2"}),
        Request("POST /api/v1/chairs/{chair_id}/disable", 200),
        Request("POST /api/v1/chairs/{chair_id}/enable", 200),
        Request("POST /api/v1/employees", 201, {"first_name": "Ada", "last_name": "Byron"}),
        Request(f"{employee}/archive", 200, None, {"employee_id": spare}),
        Request(f"{employee}/restore", 200, None, {"employee_id": spare}),
        Request(f"{employee}/link_user/{{user_id}}", 200),
        Request(f"{employee}/unlink_user", 200),
        Request(f"{employee}/phone_numbers", 201, {"number": "0171 2345670"}),
        Request("POST /api/v1/employee_phone_numbers/{phone_number_id}/make_primary", 200),
        Request(f"{employee}/positions/{{position_id}}", 201, None, {"employee_id": spare}),
        Request(f"{employee}/positions/{{position_id}}/make_primary", 200),
        Request(f"{employee}/time_off", 201, {"starts_at": "2031-01-01T00:00:00Z", "ends_at": "2031-01-02T00:00:00Z"}),
        Request("POST /api/v1/invoices", 201, {"patient_id": own["patient_id"], "lines": [make.line()]}),
        Request("POST /api/v1/invoices/{invoice_id}/issue", 200, None, {"invoice_id": draft["invoice_id"]}),
        Request("POST /api/v1/invoices/{invoice_id}/void", 200, None, {"invoice_id": draft["invoice_id"]}),
        Request(f"{patient}/invoices/from_treatments", 201),
        Request("POST /api/v1/payments", 201, {"patient_id": own["patient_id"], "amount": "10.00", "method": "cash"}),
        Request(
            "POST /api/v1/payments/{payment_id}/allocate",
            200,
            {"allocations": [{"invoice_id": own["invoice_id"], "amount": "10.00"}]},
        ),
        Request("POST /api/v1/payments/{payment_id}/refund", 200, {"amount": "10.00"}),
        Request("POST /api/v1/patients", 201, ANNA),
        Request(f"{patient}/phone_numbers", 201, {"number": "0171 2345671"}),
        Request("POST /api/v1/phone_numbers/{phone_number_id}/make_primary", 200),
        Request("POST /api/v1/phone_numbers/normalize", 200, {"number": "0171 2345671"}),
        Request("POST /api/v1/phone_numbers/{phone_number_id}/sms", 201, {"text": "Hello"}),
        Request("POST /api/v1/sms/render", 200, {"text": "Hello"}),
        Request("POST /api/v1/sms/bulk_send", 202, {"patient_ids": [own["patient_id"]], "text": "Hello"}),
        Request("POST /api/v1/sms/templates", 201, {"name": "other", "text": "Hello"}),
        Request("POST /api/v1/sms/{sms_id}/mark_reviewed", 200, None, {"sms_id": incoming}),
        Request("POST /api/v1/treatments", 201, {"patient_id": own["patient_id"], "doctor_id": shared["doctor_id"]}),
        Request("POST /api/v1/treatments/{treatment_id}/items", 201, {"service_id": shared["service_id"]}),
        Request("POST /api/v1/treatment_items/{treatment_item_id}/teeth", 201, {"tooth_ids": [11]}),
        Request(
            "POST /api/v1/teeth/definitions",
            201,
            {
                "tooth_id": 900,
                "name": "Extra tooth",
                "dentition": "permanent",
                "arch": "upper",
                "side": "left",
                "position": 9,
                "surfaces": "MODBL",
            },
        ),
        Request("POST /api/v1/positions", 201, {"name": "Hygienist"}),
        Request("POST /api/v1/positions/{position_id}/disable", 200),
        Request("POST /api/v1/positions/{position_id}/enable", 200),
        Request(
            "POST /api/v1/services",
            201,
            {"code": "X1", "name": "Check", "service_type": "diagnostic", "duration_min": 30, "price": "20.00"},
        ),
        Request("POST /api/v1/services/{service_id}/disable", 200),
        Request("POST /api/v1/services/{service_id}/enable", 200),
        Request("POST /api/v1/users", 201, {"username": "new.user", "display_name": "New", "roles": ["assistant"]}),
        Request("POST /api/v1/users/{user_id}/set_password", 200, {"new_password": "several unrelated words"}),
        Request("POST /api/v1/users/{user_id}/sessions/revoke_all", 200),
        Request("POST /api/v1/users/{user_id}/disable", 200),
        Request("POST /api/v1/users/{user_id}/enable", 200),
        Request(f"{patient}/unlink_user", 200),
        Request(f"{patient}/link_user/{{user_id}}", 200, None, link),
        Request(f"{patient}/merge", 200, source),
        Request(f"{patient}/unmerge", 200, source),
        Request(f"{patient}/archive", 200, query="?cancel_future=true"),
        Request(f"{patient}/restore", 200),
    ]


async def post(client: httpx.AsyncClient, url: str, body: Any, key: str, tail: bytes = b"") -> httpx.Response:
    """Send a POST under a key."""
    content = (b"" if body is None else msgspec.json.encode(body)) + tail
    headers = {"Idempotency-Key": key} | ({"Content-Type": "application/json"} if content else {})
    return await client.post(url, content=content, headers=headers)


async def test_every_kept_post_gives_its_answer_again_and_has_one_effect(api: Api) -> None:
    world = await build(api)
    faults = []
    done = []
    for number, request in enumerate(await requests(api, world)):
        if request.name not in KEPT:
            continue
        endpoint = KEPT[request.name]
        url = endpoint.url(world.ids(endpoint) | request.ids) + request.query
        first = await post(api.admin, url, request.body, f"key-{number}")
        if first.status_code != request.status:
            faults.append(f"{request.name}: {first.status_code} {first.text[:200]}")
            continue
        before = await fingerprint(api)
        again = await post(api.admin, url, request.body, f"key-{number}")
        other = await post(api.admin, url, request.body or {}, f"key-{number}", b" ")
        elsewhere = await post(api.admin, "/chairs", {"name": "Chair 9"}, f"key-{number}")
        faults += [f"{request.name}: {fault}" for fault in compare(first, again)]
        for answer in (other, elsewhere):
            if answer.status_code != 422 or answer.json()["code"] != "idempotency_mismatch":
                faults.append(f"{request.name}: another request is {answer.status_code} {answer.text[:200]}")
        if await fingerprint(api) != before:
            faults.append(f"{request.name}: a second effect")
        done.append(request.name)

    assert not faults, "\n".join(faults)
    assert set(done) == KEPT.keys()


def compare(first: httpx.Response, again: httpx.Response) -> list[str]:
    """How a replay differs from its first answer."""
    faults = []
    if (again.status_code, again.content) != (first.status_code, first.content):
        faults.append(f"again is {again.status_code} {again.text[:200]}")
    kept = ("content-type", "location", "etag")
    faults += [f"{name} is another" for name in kept if again.headers.get(name) != first.headers.get(name)]
    if "idempotency-replayed" in first.headers or again.headers.get("idempotency-replayed") != "true":
        faults.append("replayed or not is not said")
    if again.headers["x-request-id"] == first.headers["x-request-id"]:
        faults.append("the request id is replayed")
    return faults


@pytest.fixture
async def second(api: Api, app: Front) -> AsyncIterator[httpx.AsyncClient]:
    """The admin's client of a second process on the same database."""
    other = create_app(app.services.settings)
    services: Services = other.services
    services.use_database(application_url(api.owner_url))
    await services.start()
    transport = httpx.ASGITransport(app=other)  # type: ignore[arg-type]
    yield httpx.AsyncClient(transport=transport, base_url=api.admin.base_url, headers=api.admin.headers)
    await services.stop()


async def test_many_at_once_on_two_processes_have_one_effect(api: Api, second: httpx.AsyncClient) -> None:
    for key in ("a", "b", "c"):
        answers = await asyncio.gather(
            *(post(client, "/patients", ANNA, key) for _ in range(10) for client in (api.admin, second))
        )

        made = [answer for answer in answers if answer.status_code == 201]
        assert len({answer.content for answer in made}) == 1
        assert sum("idempotency-replayed" not in answer.headers for answer in made) == 1
        for answer in answers:
            if answer.status_code != 201:
                problem(answer, 409, "idempotency_in_progress")
    assert await api.owner.fetchval("select count(*) from patient") == 3
    assert (await post(second, "/patients", ANNA, "a")).status_code == 201
    assert await api.owner.fetchval("select count(*) from patient") == 3


async def test_while_the_first_one_runs_a_second_one_is_409_at_once(api: Api, second: httpx.AsyncClient) -> None:
    async with held_up(api) as first:
        for client in (api.admin, second):
            problem(await post(client, "/patients", ANNA, "k"), 409, "idempotency_in_progress")
        assert not first.done()
    assert (await first).status_code == 201
    assert (await post(second, "/patients", ANNA, "k")).headers["idempotency-replayed"] == "true"


async def test_a_request_given_up_in_the_middle_has_no_effect_and_frees_its_key(api: Api) -> None:
    async with held_up(api) as first:
        first.cancel()
        await asyncio.wait([first])
    await until(api, "select count(*) = 0 from pg_stat_activity where wait_event_type = 'Lock'")
    assert await api.owner.fetchval("select count(*) from patient") == 0

    answer = await post(api.admin, "/patients", ANNA, "k")

    assert answer.status_code == 201
    assert "idempotency-replayed" not in answer.headers
    assert await api.owner.fetchval("select count(*) from patient") == 1


async def test_a_client_that_is_gone_when_the_answer_comes_gets_it_again(api: Api) -> None:
    async def broken(message: Any) -> None:
        raise ConnectionResetError

    async def receive() -> Any:
        return {"type": "http.request", "body": msgspec.json.encode(ANNA), "more_body": False}

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/api/v1/patients",
        "raw_path": b"/api/v1/patients",
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"authorization", api.admin.headers["authorization"].encode()),
            (b"content-type", b"application/json"),
            (b"idempotency-key", b"k"),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }
    with pytest.raises(LitestarException):
        await api.app(scope, receive, broken)  # type: ignore[arg-type]
    assert await api.owner.fetchval("select count(*) from patient") == 1

    answer = await post(api.admin, "/patients", ANNA, "k")

    assert (answer.status_code, answer.headers["idempotency-replayed"]) == (201, "true")
    assert await api.owner.fetchval("select count(*) from patient") == 1


async def test_a_handler_that_breaks_leaves_nothing_and_frees_its_key(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = PatientRepository.add

    async def break_after(self: PatientRepository, new: Any) -> Any:
        await add(self, new)
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(PatientRepository, "add", break_after)
        problem(await post(api.admin, "/patients", ANNA, "k"), 500, "internal_error")
    assert await api.owner.fetchval("select count(*) from patient") == 0
    assert await api.owner.fetchval("select count(*) from idempotency_key") == 0

    answer = await post(api.admin, "/patients", ANNA, "k")

    assert answer.status_code == 201
    assert "idempotency-replayed" not in answer.headers


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}], ids=["without a key", "with a key"])
@pytest.mark.parametrize("sqlstate", ["40P01", "40001"])
async def test_a_request_that_the_database_undid_runs_again(api: Api, headers: dict[str, str], sqlstate: str) -> None:
    await undo_first(api, 2, sqlstate)

    answer = await api.admin.post("/patients", json=ANNA, headers=headers)

    assert answer.status_code == 201
    assert await api.owner.fetchval("select count(*) from patient") == 1
    assert len(await api.audited(action="create", entity="patient")) == 1


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}], ids=["without a key", "with a key"])
async def test_a_request_that_is_undone_again_and_again_is_503(api: Api, headers: dict[str, str]) -> None:
    await undo_first(api, 3, "40P01")

    answer = await api.admin.post("/patients", json=ANNA, headers=headers)

    problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"]
    assert await api.owner.fetchval("select count(*) from patient") == 0
    assert (await api.admin.post("/patients", json=ANNA, headers=headers)).status_code == 201


@pytest.mark.parametrize("times, status", [(2, 201), (3, 503)])
async def test_what_is_undone_for_the_keys_sake_runs_again_too(api: Api, times: int, status: int) -> None:
    await undo_first(api, times, "40P01", "insert on idempotency_key")

    answer = await post(api.admin, "/patients", ANNA, "k")

    assert answer.status_code == status
    assert await api.owner.fetchval("select count(*) from patient") == (status == 201)
    assert await api.owner.fetchval("select count(*) from idempotency_key") == (status == 201)


async def test_who_loses_the_database_while_it_is_undone_is_told_so(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lose(self: PatientRepository, _new: Any) -> None:
        async with self._database.connection("test") as connection:
            connection.terminate()
        raise asyncpg.DeadlockDetectedError

    monkeypatch.setattr(PatientRepository, "add", lose)

    problem(await post(api.admin, "/patients", ANNA, "k"), 503, "unavailable")


@asynccontextmanager
async def with_keys(api: Api, jwt_keys: dict[str, bytes]) -> AsyncIterator[httpx.AsyncClient]:
    """The admin's client of a process that is started with other keys."""
    other = create_app(msgspec.structs.replace(api.services.settings, jwt_keys=jwt_keys))
    other.services.use_database(application_url(api.owner_url))
    await other.services.start()
    token = api.admin.headers["authorization"].removeprefix("Bearer ")
    yield api.client(token, app=other)
    await other.services.stop()


async def test_an_answer_is_given_again_after_the_keys_of_the_settings_changed(api: Api) -> None:
    first = await post(api.admin, "/patients", ANNA, "k")

    async with with_keys(api, {"k2": b"n" * 32} | JWT_KEYS) as client:
        again = await post(client, "/patients", ANNA, "k")
        other = await post(client, "/patients", ANNA | {"note": "another"}, "k")

    assert (again.content, again.headers["idempotency-replayed"]) == (first.content, "true")
    problem(other, 422, "idempotency_mismatch")


async def test_a_request_cannot_be_guessed_from_what_is_kept_of_it(api: Api) -> None:
    """A digest that anybody can make would let passwords be tried by the billion."""
    body = {"new_password": "several unrelated words"}
    url = f"/users/{api.user_ids['doctor']}/set_password"
    assert (await post(api.admin, url, body, "a")).status_code == 200
    async with with_keys(api, {"k2": b"n" * 32} | JWT_KEYS) as client:
        assert (await post(client, url, body, "b")).status_code == 200

    assert await api.owner.fetchval("select count(distinct fingerprint) from idempotency_key") == 2


async def test_a_key_is_forgotten_after_24_hours(api: Api) -> None:
    first = await post(api.admin, "/patients", ANNA, "k")
    await api.owner.execute("update idempotency_key set created_at = now() - interval '23 hours 59 minutes'")
    assert (await post(api.admin, "/patients", ANNA, "k")).content == first.content

    await api.owner.execute("update idempotency_key set created_at = now() - interval '24 hours 1 minute'")
    other = await post(api.admin, "/patients", ANNA | {"note": "another"}, "k")

    assert other.status_code == 201
    assert other.json()["patient_id"] != first.json()["patient_id"]
    assert (await post(api.admin, "/patients", ANNA | {"note": "another"}, "k")).content == other.content


async def test_a_key_is_its_users_own(api: Api) -> None:
    answers = [await post(client, "/patients", ANNA, "k") for client in (api.admin, api.doctor, api.manager)]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.json()["patient_id"] for answer in answers}) == 3


async def test_the_checks_before_the_key_come_first(api: Api) -> None:
    await post(api.receptionist, "/patients", ANNA, "k")
    key = {"Idempotency-Key": "k"}

    problem(await api.anonymous.post("/patients", json=ANNA, headers=key), 401, "unauthenticated")
    problem(await api.receptionist.post("/chairs", json={"name": "x"}, headers=key), 403, "forbidden")
    content = {"content": b"x", "headers": key | {"Content-Type": "text/plain"}}
    problem(await api.receptionist.post("/patients", **content), 415, "unsupported_media_type")  # type: ignore[arg-type]
    content = {"content": b" " * 300_000, "headers": key | {"Content-Type": "application/json"}}
    problem(await api.receptionist.post("/patients", **content), 413, "too_large")  # type: ignore[arg-type]
    # and the ones after it don't
    problem(await api.receptionist.post("/patients?shoe_size=42", json=[], headers=key), 422, "idempotency_mismatch")


async def test_the_first_answer_is_given_also_when_it_would_be_another_now(api: Api) -> None:
    first = await post(api.admin, "/chairs", {"name": "Chair 1"}, "k")
    await api.admin.patch(f"/chairs/{first.json()['chair_id']}", json={"name": "Chair 2"})

    again = await post(api.admin, "/chairs", {"name": "Chair 1"}, "k")

    assert again.content == first.content
    assert await api.owner.fetchval("select array_agg(name) from chair") == ["Chair 2"]


class held_up:  # noqa: N801 - used like a function
    """A POST under the key k that waits for a lock until the block is left."""

    def __init__(self, api: Api) -> None:
        self.api = api

    async def __aenter__(self) -> "asyncio.Task[httpx.Response]":
        self.connection = await asyncpg.connect(self.api.owner_url)
        self.transaction = self.connection.transaction()
        await self.transaction.start()
        await self.connection.execute("lock table patient in exclusive mode")
        self.request = asyncio.create_task(post(self.api.admin, "/patients", ANNA, "k"))
        await until(self.api, "select count(*) > 0 from pg_stat_activity where wait_event_type = 'Lock'")
        return self.request

    async def __aexit__(self, *_: object) -> None:
        await self.transaction.rollback()
        await self.connection.close()


async def until(api: Api, question: str) -> None:
    """Wait until the database answers yes about its own sessions."""
    for _ in range(250):
        if await api.owner.fetchval(f"{question} and datname = current_database()"):
            return
        await asyncio.sleep(0.02)
    pytest.fail("it did not happen")


async def undo_first(api: Api, times: int, sqlstate: str, change: str = "insert on patient") -> None:
    """Let the database undo the first changes of a table as if for another transaction's sake."""
    await api.owner.execute(
        f"""
        create sequence tries;
        grant usage on sequence tries to dcms_app;
        create function undo() returns trigger language plpgsql as $$
        begin
            if nextval('tries') <= {times} then
                raise exception using errcode = '{sqlstate}', message = 'undone';
            end if;
            return null;
        end
        $$;
        create trigger undo after {change} for each row execute function undo();
        """
    )


def test_every_kept_post_is_an_authenticated_one_outside_of_auth() -> None:
    expected = {each.name for each in BUILT if kept_by_contract(each)}

    assert KEPT.keys() == expected


def kept_by_contract(endpoint: Endpoint) -> bool:
    """§1: honoured on every authenticated POST but /auth, and but the one whose answer holds a secret."""
    is_post = endpoint.method == "POST" and endpoint.permission != "public"
    return is_post and not endpoint.path.startswith("/api/v1/auth/") and not endpoint.path.endswith("/calendar_feeds")
