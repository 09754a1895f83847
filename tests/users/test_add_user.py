"""POST /users."""

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from tests import make
from tests.api import Api, bad_fields, problem

WORDS = "several unrelated words"
NEW = {"username": "Anna.Mueller", "display_name": "Anna Müller", "roles": ["receptionist", "doctor", "doctor"]}


async def login(api: Api, username: str, password: str) -> httpx.Response:
    return await api.anonymous.post("/auth/login", json={"username": username, "password": password})


async def test_adding_a_user_answers_201_with_its_location(api: Api) -> None:
    answer = await api.manager.post("/users", json=NEW)

    user = answer.json()
    path = f"/users/{user['user_id']}"
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1{path}"
    assert user == {
        "user_id": user["user_id"],
        "username": "anna.mueller",
        "display_name": "Anna Müller",
        "roles": ["doctor", "receptionist"],
        "is_active": True,
        "must_change_password": False,
        "last_login_at": None,
        "created_at": user["created_at"],
        "updated_at": user["created_at"],
        "version": 1,
    }
    shown = await api.manager.get(path)
    assert shown.json() == user
    assert shown.headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize("sent, kept", [({}, True), ({"must_change_password": False}, False)])
async def test_with_a_password_he_can_log_in(api: Api, sent: dict[str, Any], kept: bool) -> None:
    answer = await api.admin.post("/users", json=NEW | {"password": WORDS} | sent)

    assert answer.json()["must_change_password"] is kept
    assert (await login(api, "anna.mueller", WORDS)).status_code == 200


async def test_without_a_password_nobody_logs_in(api: Api) -> None:
    await make.user(api, "anna")

    for password in ("", "null", WORDS):
        assert (await login(api, "anna", password)).status_code in (400, 401)


@pytest.mark.parametrize(
    "changes, fields",
    [
        (
            {"username": "a b", "display_name": " ", "roles": [], "password": "short", "email": "x"},
            {"username", "display_name", "roles", "password", "email"},
        ),
        ({"username": "ab"}, {"username"}),
        ({"username": "a" * 51}, {"username"}),
        ({"username": "änna"}, {"username"}),
        ({"username": None, "roles": "doctor"}, {"username", "roles"}),
        ({"roles": ["doctor", "owner"]}, {"roles[1]"}),
        ({"roles": ["doctor", "patient"]}, {"roles"}),
        ({"display_name": "x" * 101}, {"display_name"}),
        ({"password": "password1234"}, {"password"}),
        ({"password": "I am ANNA.MUELLER myself"}, {"password"}),
        ({"must_change_password": "yes", "is_active": True}, {"must_change_password", "is_active"}),
    ],
)
async def test_every_bad_field_is_named_and_nothing_is_stored(
    api: Api, changes: dict[str, Any], fields: set[str]
) -> None:
    answer = await api.admin.post("/users", json=NEW | changes)

    assert bad_fields(answer) == fields
    assert await api.owner.fetchval("select count(*) from dcms_user") == len(api.user_ids)


async def test_a_name_is_unique_in_any_case_also_at_once(api: Api) -> None:
    names = ["anna", "ANNA", "Anna", "aNNa"]

    answers = await asyncio.gather(*(api.admin.post("/users", json=NEW | {"username": name}) for name in names))

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 3}
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert problem(refused, 409, "duplicate")["errors"][0]["field"] == "username"


async def test_only_an_admin_adds_admins(api: Api) -> None:
    body = NEW | {"roles": ["doctor", "admin"]}

    problem(await api.manager.post("/users", json=body), 403, "forbidden")
    assert (await api.admin.post("/users", json=body)).json()["roles"] == ["admin", "doctor"]


@pytest.mark.parametrize("role", ["doctor", "assistant", "receptionist", "patient"])
async def test_others_may_not(api: Api, role: str) -> None:
    problem(await getattr(api, role).post("/users", json=NEW), 403, "forbidden")


async def test_it_is_in_the_audit_log_without_the_password(api: Api) -> None:
    user = (await api.admin.post("/users", json=NEW | {"password": WORDS})).json()

    (entry,) = await api.audited(entity="dcms_user", entity_id=user["user_id"])
    assert (entry["action"], entry["actor_id"]) == ("create", api.user_ids["admin"])
    assert entry["after"]["username"] == "anna.mueller"
    assert "argon2" not in str(entry)
    assert WORDS not in str(entry)


async def test_the_same_key_adds_one(api: Api) -> None:
    headers = {"Idempotency-Key": "k-1"}
    body = NEW | {"password": WORDS}

    answers = [await api.admin.post("/users", json=body, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    kept = await api.owner.fetchrow("select * from idempotency_key")
    assert WORDS not in str(kept)
