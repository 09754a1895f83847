"""POST /users/{user_id}/set_password."""

import asyncio

import httpx
import pytest

from tests import make
from tests.api import PASSWORD, Api, bad_fields, problem

WORDS = "several unrelated words"


async def login(api: Api, password: str) -> httpx.Response:
    return await api.anonymous.post("/auth/login", json={"username": "doctor", "password": password})


async def test_it_sets_the_password_and_ends_the_sessions(api: Api) -> None:
    await api.give_password("doctor")
    path = f"/users/{api.user_ids['doctor']}"

    answer = await api.manager.post(f"{path}/set_password", json={"new_password": WORDS})

    user = answer.json()
    assert answer.status_code == 200
    assert user == (await api.admin.get(path)).json()
    assert (user["must_change_password"], user["version"]) == (True, 2)
    problem(await api.doctor.get("/auth/me"), 401, "unauthenticated")
    problem(await login(api, PASSWORD), 401, "unauthenticated")
    assert (await login(api, WORDS)).status_code == 200


async def test_he_need_not_change_it_when_told_so(api: Api) -> None:
    body = {"new_password": WORDS, "must_change_password": False}

    answer = await api.admin.post(f"/users/{api.user_ids['doctor']}/set_password", json=body)

    assert not answer.json()["must_change_password"]
    assert answer.json()["version"] == 2
    (entry,) = await api.audited(entity="dcms_user", action="update")
    assert entry["after"].keys() == {"password_changed_at"}
    assert entry["actor_id"] == api.user_ids["admin"]


@pytest.mark.parametrize("password", ["short", "x" * 129, "password1234", "the Doctor is in", None, 7])
async def test_a_password_that_will_not_do_is_400_on_its_field(api: Api, password: object) -> None:
    path = f"/users/{api.user_ids['doctor']}"

    assert bad_fields(await api.admin.post(f"{path}/set_password", json={"new_password": password})) == {"new_password"}
    assert (await api.admin.get(path)).json()["version"] == 1
    assert (await api.doctor.get("/auth/me")).status_code == 200


async def test_the_order_of_checks_is_400_404_403_412(api: Api) -> None:
    second = await make.user(api, "second", "admin")
    stale = {"If-Match": '"9-x"'}

    async def status(client: httpx.AsyncClient, user_id: int, password: str) -> int:
        path = f"/users/{user_id}/set_password"
        return (await client.post(path, json={"new_password": password}, headers=stale)).status_code

    assert await status(api.manager, 123456, "password1234") == 400
    assert await status(api.manager, 123456, WORDS) == 404
    assert await status(api.manager, second["user_id"], WORDS) == 403
    assert await status(api.manager, api.user_ids["doctor"], WORDS) == 412
    assert await status(api.doctor, api.user_ids["doctor"], "x") == 403
    assert (await api.doctor.get("/auth/me")).status_code == 200


async def test_of_many_at_once_with_one_version_one_is_set(api: Api) -> None:
    path = f"/users/{api.user_ids['doctor']}"
    headers = {"If-Match": (await api.admin.get(path)).headers["etag"]}

    answers = await asyncio.gather(
        *(
            api.admin.post(f"{path}/set_password", json={"new_password": f"{WORDS} {number}"}, headers=headers)
            for number in range(4)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    winner = next(number for number, answer in enumerate(answers) if answer.status_code == 200)
    assert (await login(api, f"{WORDS} {winner}")).status_code == 200
