"""POST /auth/impersonate/{user_id}."""

import asyncio
from datetime import datetime

import httpx
import pytest

from tests import make
from tests.api import Api, problem


async def impersonate(api: Api, username: str, admin: httpx.AsyncClient | None = None) -> httpx.Response:
    return await (admin or api.admin).post(f"/auth/impersonate/{api.user_ids[username]}")


async def acting(api: Api, username: str) -> httpx.AsyncClient:
    answer = await impersonate(api, username)
    assert answer.status_code == 200, answer.text
    return api.client(answer.json()["access_token"])


async def test_an_admin_acts_as_another_for_fifteen_minutes(api: Api) -> None:
    answer = await impersonate(api, "doctor")

    pair = answer.json()
    assert answer.status_code == 200
    assert (pair["refresh_token"], pair["refresh_expires_at"]) == (None, None)
    assert pair["expires_in"] == 900
    assert pair["user"]["username"] == "doctor"
    client = api.client(pair["access_token"])
    me = (await client.get("/auth/me")).json()
    assert (me["user"]["username"], me["impersonator_id"]) == ("doctor", api.user_ids["admin"])
    session = (await client.get(f"/auth/sessions/{pair['session_id']}")).json()
    assert session["impersonator_id"] == api.user_ids["admin"]
    lasts = datetime.fromisoformat(session["expires_at"]) - datetime.fromisoformat(session["created_at"])
    assert lasts.total_seconds() == 900
    problem(await client.get(f"/users/{api.user_ids['doctor']}"), 403, "forbidden")


async def test_the_audit_log_names_both(api: Api) -> None:
    client = await acting(api, "doctor")
    patient = (await client.post("/patients", json={"first_name": "A", "last_name": "B"})).json()
    await client.get(f"/patients/{patient['patient_id']}")
    await client.post("/users", json={})

    admin, doctor = api.user_ids["admin"], api.user_ids["doctor"]
    (begun,) = await api.audited(action="impersonate")
    assert (begun["actor_id"], begun["entity"]) == (admin, "session")
    assert (begun["after"]["user_id"], begun["after"]["impersonator_id"]) == (doctor, admin)
    for action in ("create", "read", "denied"):
        entry = (await api.audited(action=action))[0]
        assert (entry["actor_id"], entry["impersonator_id"]) == (doctor, admin)


async def test_such_a_session_cannot_extend_impersonate_or_change_passwords(api: Api) -> None:
    client = await acting(api, "manager")
    session_id = (await client.get("/auth/me")).json()["session_id"]
    words = "several unrelated words"

    for path, body in (
        (f"/auth/sessions/{session_id}/extend", None),
        (f"/auth/sessions/{api.session_ids['manager']}/extend", None),
        (f"/auth/impersonate/{api.user_ids['doctor']}", None),
        ("/auth/change_password", {"current_password": "x", "new_password": words}),
        ("/auth/change_password", {}),
        ("/auth/reset_password", {"username": "doctor"}),
        (f"/users/{api.user_ids['doctor']}/set_password", {"new_password": words}),
    ):
        problem(await client.post(path, json=body), 403, "forbidden")
    problem(await api.manager.post(f"/auth/sessions/{session_id}/extend"), 403, "forbidden")


async def test_becoming_an_admin_meanwhile_does_not_help(api: Api) -> None:
    client = await acting(api, "doctor")
    await api.admin.patch(f"/users/{api.user_ids['doctor']}", json={"roles": ["admin"]})

    assert (await client.get("/users")).status_code == 200
    problem(await client.post(f"/auth/impersonate/{api.user_ids['manager']}"), 403, "forbidden")


async def test_nobody_acts_as_an_admin_a_disabled_user_or_nobody(api: Api) -> None:
    problem(await impersonate(api, "admin"), 403, "forbidden")
    await api.admin.post(f"/users/{api.user_ids['doctor']}/disable")
    problem(await impersonate(api, "doctor"), 422, "inactive")
    problem(await api.admin.post("/auth/impersonate/123456"), 404, "not_found")
    assert await api.owner.fetchval("select count(*) from session where impersonator_id is not null") == 0


@pytest.mark.parametrize("role", ["manager", "doctor", "assistant", "receptionist", "patient"])
async def test_only_an_admin_may(api: Api, role: str) -> None:
    problem(await getattr(api, role).post(f"/auth/impersonate/{api.user_ids['doctor']}"), 403, "forbidden")


async def test_a_patient_is_seen_as_he_sees_himself(api: Api) -> None:
    own = await make.patient(api)
    await api.own_patient(own["patient_id"])
    other = await make.patient(api)

    client = await acting(api, "patient")

    assert (await client.get(f"/patients/{own['patient_id']}")).status_code == 200
    problem(await client.get(f"/patients/{other['patient_id']}"), 403, "forbidden")


@pytest.mark.parametrize("end", ["disabled", "demoted", "logged out everywhere", "new password"])
async def test_it_ends_with_its_admin(api: Api, end: str) -> None:
    client = await acting(api, "doctor")
    admin = f"/users/{api.user_ids['admin']}"
    await api.admin.patch(f"/users/{api.user_ids['manager']}", json={"roles": ["admin"]})
    match end:
        case "disabled":
            answer = await api.manager.post(f"{admin}/disable")
        case "demoted":
            answer = await api.manager.patch(admin, json={"roles": ["doctor"]})
        case "logged out everywhere":
            answer = await api.admin.post("/auth/sessions/revoke_all")
        case _:
            answer = await api.manager.post(f"{admin}/set_password", json={"new_password": "several unrelated words"})
    assert answer.status_code == 200, answer.text

    problem(await client.get("/auth/me"), 401, "unauthenticated")
    assert (await api.doctor.get("/auth/me")).status_code == 200


@pytest.mark.parametrize("end", ["disabled", "demoted", "logged out everywhere", "new password"])
async def test_who_is_stopped_while_it_waits_acts_as_nobody(api: Api, end: str) -> None:
    user_id = (await make.user(api, "second.admin", "admin"))["user_id"]
    session_id = await api.owner.fetchval(
        "insert into session (user_id, expires_at) values ($1, now() + interval '1 day') returning session_id", user_id
    )
    second = api.client(api.token(user_id, session_id, ["admin"]))
    user = f"/users/{user_id}"
    async with api.owner.transaction():
        await api.owner.execute("select from dcms_user where username = 'doctor' for update")
        asked = asyncio.create_task(impersonate(api, "doctor", second))
        while not await api.owner.fetchval("select count(*) from pg_stat_activity where wait_event_type = 'Lock'"):
            await asyncio.sleep(0.01)
            await api.owner.execute("select pg_stat_clear_snapshot()")
        match end:
            case "disabled":
                stopping = api.admin.post(f"{user}/disable")
            case "demoted":
                stopping = api.admin.patch(user, json={"roles": ["doctor"]})
            case "logged out everywhere":
                stopping = api.admin.post(f"{user}/sessions/revoke_all")
            case _:
                stopping = api.admin.post(f"{user}/set_password", json={"new_password": "several unrelated words"})
        stopped = asyncio.create_task(stopping)
        # done, or waiting for the one who asked
        await asyncio.wait([stopped], timeout=0.3)
    pair, stop = (await asked).json(), await stopped

    assert stop.status_code == 200, stop.text
    if "access_token" in pair:
        problem(await api.client(pair["access_token"]).get("/auth/me"), 401, "unauthenticated")
    assert not await api.owner.fetchval(
        "select count(*) from session where impersonator_id = $1 and revoked_at is null", user_id
    )


async def test_a_revocation_is_remembered_as_long_as_the_token_lasts(api: Api) -> None:
    client = await acting(api, "doctor")
    await api.doctor.post("/auth/sessions/revoke_all")
    await api.owner.execute("update access_change set at = at - interval '14 minutes 50 seconds'")

    await api.services.watch.stop()
    await api.services.watch.start()

    problem(await client.get("/auth/me"), 401, "unauthenticated")
