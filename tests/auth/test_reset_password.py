"""POST /auth/reset_password."""

import httpx
import pytest

from tests.api import Api, bad_fields, problem

NEW = "several unrelated words"


async def login(api: Api, username: str, password: str) -> httpx.Response:
    return await api.anonymous.post("/auth/login", json={"username": username, "password": password})


async def test_a_password_is_made_that_must_be_changed(api: Api) -> None:
    answer = await api.manager.post("/auth/reset_password", json={"username": "Doctor"})

    body = answer.json()
    assert answer.status_code == 200
    assert body.keys() == {"user", "temporary_password"}
    assert body["user"] == (await api.admin.get(f"/users/{api.user_ids['doctor']}")).json()
    assert body["user"]["must_change_password"]
    pair = (await login(api, "doctor", body["temporary_password"])).json()
    problem(await api.client(pair["access_token"]).get("/clinic"), 403, "password_change_required")
    problem(await api.doctor.get("/auth/me"), 401, "unauthenticated")
    assert body["temporary_password"] not in str(await api.audited())


async def test_a_password_that_is_sent_is_not_shown(api: Api) -> None:
    answer = await api.admin.post("/auth/reset_password", json={"username": "doctor", "new_password": NEW})

    assert answer.json()["temporary_password"] is None
    assert answer.json()["user"]["must_change_password"]
    assert (await login(api, "doctor", NEW)).status_code == 200


async def test_made_passwords_differ_and_will_do(api: Api) -> None:
    made = set()
    for _ in range(3):
        answer = await api.admin.post("/auth/reset_password", json={"username": "doctor"})
        made.add(answer.json()["temporary_password"])

    assert len(made) == 3
    for password in made:
        assert await api.services.hasher.fault(password, "doctor") is None


async def test_bad_fields_are_named(api: Api) -> None:
    for body, fields in (
        ({"new_password": "short", "x": 1}, {"username", "new_password", "x"}),
        ({"username": "doctor", "new_password": "the doctor is in"}, {"new_password"}),
        ({"username": "doctor", "new_password": "password1234"}, {"new_password"}),
    ):
        assert bad_fields(await api.admin.post("/auth/reset_password", json=body)) == fields
    assert (await api.doctor.get("/auth/me")).status_code == 200


async def test_an_unknown_name_is_422(api: Api) -> None:
    answer = await api.admin.post("/auth/reset_password", json={"username": "nobody"})

    assert problem(answer, 422, "unknown_reference")["errors"][0]["field"] == "username"


async def test_a_manager_resets_no_admins_password(api: Api) -> None:
    problem(await api.manager.post("/auth/reset_password", json={"username": "admin"}), 403, "forbidden")
    assert (await api.admin.get("/auth/me")).status_code == 200


@pytest.mark.parametrize("role", ["doctor", "assistant", "receptionist", "patient"])
async def test_others_may_not(api: Api, role: str) -> None:
    problem(await getattr(api, role).post("/auth/reset_password", json={"username": "doctor"}), 403, "forbidden")
