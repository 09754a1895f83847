"""POST /auth/change_password."""

import asyncio
from collections import Counter

import httpx
import pytest

from tests.api import PASSWORD, Api, bad_fields, problem
from tests.auth.test_sessions import open_session

NEW = "several unrelated words"


async def change(client: httpx.AsyncClient, current: str = PASSWORD, new: str = NEW) -> httpx.Response:
    return await client.post("/auth/change_password", json={"current_password": current, "new_password": new})


async def login(api: Api, username: str, password: str) -> httpx.Response:
    return await api.anonymous.post("/auth/login", json={"username": username, "password": password})


async def test_the_new_password_logs_in_and_other_sessions_end(api: Api) -> None:
    await api.give_password("doctor")
    _, other = await open_session(api)

    answer = await change(api.doctor)

    assert (answer.status_code, answer.content) == (204, b"")
    problem(await login(api, "doctor", PASSWORD), 401, "unauthenticated")
    assert (await login(api, "doctor", NEW)).status_code == 200
    problem(await other.get("/auth/me"), 401, "unauthenticated")
    assert (await api.doctor.get("/auth/me")).status_code == 200


async def test_it_is_the_way_out_of_must_change_password(api: Api) -> None:
    await api.give_password("doctor")
    await api.owner.execute("update dcms_user set must_change_password = true where username = 'doctor'")
    pair = (await login(api, "doctor", PASSWORD)).json()
    assert pair["user"]["must_change_password"]
    client = api.client(pair["access_token"])
    problem(await client.get("/patients"), 403, "password_change_required")

    assert (await change(client)).status_code == 204
    assert (await client.get("/patients")).status_code == 200
    assert not (await client.get("/auth/me")).json()["user"]["must_change_password"]


async def test_a_wrong_current_password_is_403_and_counts_for_the_throttle(api: Api) -> None:
    await api.give_password("doctor")

    for _ in range(9):
        problem(await change(api.doctor, current="wrong"), 403, "wrong_password")
    problem(await login(api, "doctor", "wrong"), 401, "unauthenticated")
    work = api.services.hasher.work

    for answer in (await change(api.doctor), await login(api, "doctor", PASSWORD)):
        problem(answer, 429, "too_many_requests")
        assert int(answer.headers["retry-after"]) > 890
    assert api.services.hasher.work == work
    assert len(await api.audited(action="denied")) == 9


async def test_a_right_one_forgets_the_failures(api: Api) -> None:
    await api.give_password("doctor")
    problem(await change(api.doctor, current="wrong"), 403, "wrong_password")

    assert (await change(api.doctor)).status_code == 204
    assert await api.owner.fetchval("select count(*) from login_attempt") == 0


@pytest.mark.parametrize(
    "new",
    ["short", "x" * 129, "password1234", "my name is DOCTOR, hello", PASSWORD],
    ids=["short", "long", "easy", "username", "same"],
)
async def test_a_password_that_will_not_do_is_400_on_its_field(api: Api, new: str) -> None:
    await api.give_password("doctor")

    answer = await change(api.doctor, new=new)

    assert bad_fields(answer) == {"new_password"}
    assert (await login(api, "doctor", PASSWORD)).status_code == 200


async def test_every_bad_field_is_named(api: Api) -> None:
    answer = await api.doctor.post("/auth/change_password", json={"new_password": "short", "why": "because"})

    assert bad_fields(answer) == {"current_password", "new_password", "why"}


async def test_it_is_in_the_audit_log_without_any_hash(api: Api) -> None:
    await api.give_password("doctor")

    await change(api.doctor)

    (entry,) = await api.audited(entity="dcms_user", action="update")
    assert (entry["actor_id"], entry["entity_id"]) == (api.user_ids["doctor"], api.user_ids["doctor"])
    assert entry["after"].keys() == {"password_changed_at"}


async def test_of_two_at_once_one_wins(api: Api) -> None:
    await api.give_password("doctor")
    passwords = [f"{NEW} number {number}" for number in range(4)]

    answers = await asyncio.gather(*(change(api.doctor, new=new) for new in passwords))

    assert Counter(answer.status_code for answer in answers) == {204: 1, 403: 3}
    winner = next(new for new, answer in zip(passwords, answers, strict=True) if answer.status_code == 204)
    assert (await login(api, "doctor", winner)).status_code == 200


async def test_a_patient_changes_his_too(api: Api) -> None:
    await api.give_password("patient")

    assert (await change(api.patient)).status_code == 204
    problem(await change(api.anonymous), 401, "unauthenticated")
