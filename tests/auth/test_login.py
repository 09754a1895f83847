"""POST /auth/login and POST /auth/patient/login."""

from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher as Argon2

from tests.api import PASSWORD, Api, bad_fields, problem


async def login(
    client: httpx.AsyncClient, username: str, password: str = PASSWORD, path: str = "/auth/login", **more: Any
) -> httpx.Response:
    return await client.post(path, json={"username": username, "password": password, **more})


async def test_a_login_answers_tokens_the_user_and_the_clinic(api: Api) -> None:
    await api.give_password("receptionist")

    answer = await login(api.anonymous, " ReceptionIST ", device_name="Front desk")

    pair = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert pair.keys() == {
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "refresh_expires_at",
        "session_id",
        "user",
        "clinic",
    }
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 600)
    assert pair["clinic"] == (await api.admin.get("/clinic")).json()
    assert pair["user"]["last_login_at"] is not None
    client = api.client(pair["access_token"])
    me = (await client.get("/auth/me")).json()
    assert me["user"] == pair["user"]
    assert me["user"]["username"] == "receptionist"
    session = (await client.get(f"/auth/sessions/{pair['session_id']}")).json()
    assert (session["device_name"], session["ip"]) == ("Front desk", "127.0.0.1")
    assert session["expires_at"] == pair["refresh_expires_at"]
    assert session["is_current"]


async def test_a_login_is_no_new_version_of_the_user(api: Api) -> None:
    await api.give_password("doctor")
    before = (await api.admin.get(f"/users/{api.user_ids['doctor']}")).json()["version"]

    pair = (await login(api.anonymous, "doctor")).json()

    assert pair["user"]["version"] == before


async def test_a_patient_logs_in_at_his_own_door_only(api: Api) -> None:
    await api.give_password("patient")
    await api.give_password("doctor")

    assert (await login(api.anonymous, "patient", path="/auth/patient/login")).status_code == 200
    problem(await login(api.anonymous, "patient"), 401, "unauthenticated")
    problem(await login(api.anonymous, "doctor", path="/auth/patient/login"), 401, "unauthenticated")


async def test_whatever_is_wrong_the_answer_and_the_work_are_the_same(api: Api) -> None:
    for username in ("doctor", "assistant", "patient"):
        await api.give_password(username)
    await api.owner.execute("update dcms_user set is_active = false where username = 'assistant'")
    attempts = {
        "an unknown user": ("nobody", PASSWORD),
        "a wrong password": ("doctor", "wrong"),
        "disabled": ("assistant", PASSWORD),
        "without a password": ("manager", PASSWORD),
        "a patient at the door of staff": ("patient", PASSWORD),
    }
    answers = []
    for what, (username, password) in attempts.items():
        before = api.services.hasher.work
        answers.append(problem(await login(api.anonymous, username, password), 401, "unauthenticated"))
        assert api.services.hasher.work == before + 1, what

    assert len({(answer["detail"], answer["title"], str(answer["errors"])) for answer in answers}) == 1
    assert await api.owner.fetchval("select count(*) from session where device_name is not null") == 0


async def test_an_unusable_body_is_400_and_counts_for_nothing(api: Api) -> None:
    answer = await api.anonymous.post("/auth/login", json={"username": "", "password": 7, "remember": True})

    assert bad_fields(answer) == {"username", "password", "remember"}
    assert bad_fields(await api.anonymous.post("/auth/login")) == {""}
    assert bad_fields(await login(api.anonymous, "a\0b")) == {"username"}
    assert bad_fields(await login(api.anonymous, "doctor", "x" * 1001)) == {"password"}
    assert await api.owner.fetchval("select count(*) from login_attempt") == 0


async def test_a_password_is_normalized_but_never_trimmed(api: Api) -> None:
    await api.owner.execute(
        "update dcms_user set password_hash = $1 where username = 'doctor'", Argon2(1, 8, 1).hash(" Zo\u00eb ")
    )

    problem(await login(api.anonymous, "doctor", "Zo\u00eb"), 401, "unauthenticated")
    assert (await login(api.anonymous, "doctor", " Zoe\u0308 ")).status_code == 200


async def test_logins_and_failures_are_in_the_audit_log(api: Api) -> None:
    await api.give_password("doctor")
    user_id = api.user_ids["doctor"]

    await login(api.anonymous, "doctor", "wrong")
    await login(api.anonymous, "hunter2-typed-as-a-name", "wrong")
    pair = (await login(api.anonymous, "doctor")).json()
    await api.client(pair["access_token"]).post("/auth/logout")

    unknown, failed = await api.audited(action="login_failed")
    assert (failed["actor_id"], failed["entity"], failed["entity_id"]) == (user_id, "dcms_user", user_id)
    assert (unknown["actor_id"], unknown["entity_id"]) == (None, None)
    assert "hunter2" not in str(await api.audited())
    opened, ended = (*await api.audited(action="login"), *await api.audited(action="logout"))
    for entry in (opened, ended):
        assert (entry["actor_id"], entry["entity"], entry["entity_id"]) == (user_id, "session", pair["session_id"])
        assert str(entry["ip"]) == "127.0.0.1"
    assert len(await api.audited(actor_id=user_id)) == 3


async def test_a_hash_made_with_other_parameters_is_made_anew(api: Api) -> None:
    await api.owner.execute(
        "update dcms_user set password_hash = $1 where username = 'doctor'", Argon2(1, 1024, 1).hash(PASSWORD)
    )

    first = await login(api.anonymous, "doctor")
    new_hash = await api.owner.fetchval("select password_hash from dcms_user where username = 'doctor'")
    second = await login(api.anonymous, "doctor")

    assert (first.status_code, second.status_code) == (200, 200)
    assert new_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await api.owner.fetchval("select password_hash from dcms_user where username = 'doctor'") == new_hash
    assert second.json()["user"]["version"] == 1
    assert await api.audited(entity="dcms_user", action="update") == []


@pytest.mark.parametrize(
    "change", ["is_active = false", "password_hash = 'another'", "roles = '{patient}'"], ids=["off", "changed", "moved"]
)
async def test_what_changes_while_the_password_is_checked_counts(
    api: Api, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    await api.give_password("doctor")
    verify = api.services.hasher.verify

    async def change_meanwhile(password_hash: str | None, password: str) -> bool:
        await api.owner.execute(f"update dcms_user set {change} where username = 'doctor'")
        return await verify(password_hash, password)

    monkeypatch.setattr(api.services.hasher, "verify", change_meanwhile)

    problem(await login(api.anonymous, "doctor"), 401, "unauthenticated")
    assert await api.owner.fetchval("select count(*) from session") == len(api.session_ids)


async def test_two_logins_are_two_sessions(api: Api) -> None:
    await api.give_password("doctor")

    pairs = [(await login(api.anonymous, "doctor")).json() for _ in range(2)]

    assert pairs[0]["session_id"] != pairs[1]["session_id"]
    await api.client(pairs[0]["access_token"]).post("/auth/logout")
    assert (await api.client(pairs[1]["access_token"]).get("/auth/me")).status_code == 200
