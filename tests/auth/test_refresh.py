"""POST /auth/refresh: rotation, the grace, reuse, keys."""

import asyncio
import base64
import hmac
from typing import Any

import httpx
import pytest

from dcms.access.tokens import Tokens
from dcms.web.front import Front
from dcms.web.problems import Unauthenticated
from tests.api import JWT_KEYS, PASSWORD, Api, bad_fields, problem


async def pair_of(api: Api, username: str = "doctor") -> dict[str, Any]:
    await api.give_password(username)
    answer = await api.anonymous.post("/auth/login", json={"username": username, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    pair: dict[str, Any] = answer.json()
    return pair


async def refresh(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/auth/refresh", json={"refresh_token": token})


async def pass_the_grace(api: Api) -> None:
    await api.owner.execute("update session set rotated_at = rotated_at - interval '10 seconds'")


async def test_a_refresh_gives_the_next_pair_of_the_same_session(api: Api) -> None:
    first = await pair_of(api)

    answer = await refresh(api.anonymous, first["refresh_token"])

    second = answer.json()
    assert answer.status_code == 200
    assert second.keys() == first.keys()
    assert second["session_id"] == first["session_id"]
    assert second["refresh_token"] != first["refresh_token"]
    assert (await api.client(second["access_token"]).get("/auth/me")).status_code == 200
    assert (await refresh(api.anonymous, second["refresh_token"])).status_code == 200


async def test_within_the_grace_the_same_successor_is_given_again(api: Api) -> None:
    first = await pair_of(api)

    answers = [(await refresh(api.anonymous, first["refresh_token"])).json() for _ in range(3)]

    assert len({answer["refresh_token"] for answer in answers}) == 1
    assert len({answer["refresh_expires_at"] for answer in answers}) == 1
    rotations = await api.audited(action="refresh")
    assert [entry["actor_id"] for entry in rotations] == [api.user_ids["doctor"]]
    assert rotations[0]["session_id"] == first["session_id"]


async def test_fifty_at_once_in_two_processes_rotate_once(api: Api, other: Front) -> None:
    first = await pair_of(api)
    clients = [api.client(), api.client(app=other)]

    answers = await asyncio.gather(*(refresh(clients[number % 2], first["refresh_token"]) for number in range(50)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    counter = "select refresh_counter from session where session_id = $1"
    assert await api.owner.fetchval(counter, first["session_id"]) == 1
    for answer in answers[::7]:
        assert (await api.client(answer.json()["access_token"], app=other).get("/auth/me")).status_code == 200


@pytest.mark.parametrize("how", ["after the grace", "after its successor was used"])
async def test_any_other_use_of_a_used_token_ends_the_session(api: Api, other: Front, how: str) -> None:
    first = await pair_of(api)
    second = (await refresh(api.anonymous, first["refresh_token"])).json()
    newest = second
    if how == "after the grace":
        await pass_the_grace(api)
    else:
        newest = (await refresh(api.anonymous, second["refresh_token"])).json()

    problem(await refresh(api.anonymous, first["refresh_token"]), 401, "unauthenticated")

    problem(await refresh(api.anonymous, newest["refresh_token"]), 401, "unauthenticated")
    problem(await api.client(newest["access_token"]).get("/auth/me"), 401, "unauthenticated")
    await other.services.watch.read()
    problem(await api.client(newest["access_token"], app=other).get("/auth/me"), 401, "unauthenticated")
    (entry,) = await api.audited(action="refresh_reused")
    assert (entry["entity"], entry["entity_id"]) == ("session", first["session_id"])
    assert entry["actor_id"] == api.user_ids["doctor"]


@pytest.mark.parametrize(
    "end",
    [
        "update session set revoked_at = now()",
        "update session set expires_at = now()",
        "update dcms_user set is_active = false where username = 'doctor'",
    ],
    ids=["revoked", "over", "disabled"],
)
async def test_what_has_ended_is_not_refreshed(api: Api, end: str) -> None:
    first = await pair_of(api)
    await api.owner.execute(end)

    problem(await refresh(api.anonymous, first["refresh_token"]), 401, "unauthenticated")
    counter = "select refresh_counter from session where session_id = $1"
    assert await api.owner.fetchval(counter, first["session_id"]) == 0


async def test_no_refresh_goes_past_the_longest_session(api: Api) -> None:
    first = await pair_of(api)
    await api.owner.execute("update session set created_at = created_at - interval '6 days 23 hours'")

    second = (await refresh(api.anonymous, first["refresh_token"])).json()

    lasts = "select extract(epoch from expires_at - created_at) from session where session_id = $1"
    assert await api.owner.fetchval(lasts, second["session_id"]) == 604_800


async def test_a_refresh_signs_the_roles_of_now(api: Api) -> None:
    first = await pair_of(api)
    await api.admin.patch(f"/users/{api.user_ids['doctor']}", json={"roles": ["receptionist"]})

    second = (await refresh(api.anonymous, first["refresh_token"])).json()

    assert second["user"]["roles"] == ["receptionist"]
    caller = api.services.tokens.read_access(second["access_token"])
    assert caller.roles == {"receptionist"}


async def test_what_this_service_did_not_make_is_401(api: Api) -> None:
    first = await pair_of(api)
    kid, session_id, counter, mac = first["refresh_token"].split(".")
    forged = [
        "x",
        "....",
        f"{kid}.{session_id}.{int(counter) + 1}.{mac}",
        f"{kid}.0{session_id}.{counter}.{mac}",
        f"k9.{session_id}.{counter}.{mac}",
        f"{kid}.{'9' * 5000}.{counter}.{mac}",
        first["access_token"],
        first["refresh_token"] + "é",
    ]

    for token in forged:
        problem(await refresh(api.anonymous, token), 401, "unauthenticated")
    assert bad_fields(await api.anonymous.post("/auth/refresh", json={"refresh_token": None})) == {"refresh_token"}
    assert (await refresh(api.anonymous, first["refresh_token"])).status_code == 200


async def test_keys_rotate_without_logging_anyone_out(api: Api, other: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await pair_of(api)
    # the other process has been restarted with a new key in front
    rotated = Tokens({"2026.11": b"n" * 32, **JWT_KEYS})
    monkeypatch.setattr(other.services.tokens, "_keys", rotated._keys)
    monkeypatch.setattr(other.services.tokens, "_kid", rotated._kid)
    newer = api.client(first["access_token"], app=other)

    assert (await newer.get("/auth/me")).status_code == 200
    second = (await refresh(newer, first["refresh_token"])).json()
    third = await refresh(newer, second["refresh_token"])

    assert second["refresh_token"].startswith("2026.11.")
    assert third.status_code == 200
    assert (await api.client(third.json()["access_token"], app=other).get("/auth/me")).status_code == 200


async def test_a_key_that_is_gone_verifies_nothing(api: Api) -> None:
    first = await pair_of(api)
    tokens = Tokens({"k2": b"n" * 32})

    for read, token in ((tokens.read_access, "access_token"), (tokens.read_refresh, "refresh_token")):
        with pytest.raises(Unauthenticated):
            read(first[token])


def test_a_refresh_token_signs_its_key_session_and_counter() -> None:
    token = Tokens(JWT_KEYS).sign_refresh(7, 3)

    mac = hmac.digest(JWT_KEYS["k1"], b"dcms refresh k1.7.3", "sha256")
    assert token == "k1.7.3." + base64.urlsafe_b64encode(mac).decode().rstrip("=")
