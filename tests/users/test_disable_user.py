"""POST /users/{user_id}/disable and …/enable."""

import asyncio

import pytest

from tests import make
from tests.api import PASSWORD, Api, bad_fields, problem


async def test_a_disabled_user_is_out_and_an_enabled_one_in_again(api: Api) -> None:
    path = f"/users/{api.user_ids['doctor']}"
    await api.give_password("doctor")
    body = {"username": "doctor", "password": PASSWORD}

    disabled = await api.manager.post(f"{path}/disable")
    problem(await api.doctor.get("/auth/me"), 401, "unauthenticated")
    problem(await api.anonymous.post("/auth/login", json=body), 401, "unauthenticated")
    enabled = await api.manager.post(f"{path}/enable")

    assert (disabled.status_code, disabled.json()["is_active"], disabled.json()["version"]) == (200, False, 2)
    assert (enabled.status_code, enabled.json()["is_active"], enabled.json()["version"]) == (200, True, 3)
    assert (await api.anonymous.post("/auth/login", json=body)).status_code == 200
    # what ended stays ended
    problem(await api.doctor.get("/auth/me"), 401, "unauthenticated")


@pytest.mark.parametrize("action", ["disable", "enable"])
async def test_again_changes_nothing(api: Api, action: str) -> None:
    path = f"/users/{api.user_ids['doctor']}/{action}"
    first = (await api.admin.post(path)).json()
    entries = len(await api.audited())

    again = await api.admin.post(path)

    assert (again.status_code, again.json()) == (200, first)
    assert len(await api.audited()) == entries


async def test_nobody_disables_himself(api: Api) -> None:
    await make.user(api, "second", "admin")

    problem(await api.admin.post(f"/users/{api.user_ids['admin']}/disable"), 409, "self")
    problem(await api.manager.post(f"/users/{api.user_ids['manager']}/disable"), 409, "self")
    assert (await api.admin.get("/auth/me")).json()["user"]["is_active"]


async def test_the_last_active_admin_is_not_disabled_which_is_checked_first(api: Api) -> None:
    disabled = await make.user(api, "second", "admin")
    await api.admin.post(f"/users/{disabled['user_id']}/disable")

    problem(await api.admin.post(f"/users/{api.user_ids['admin']}/disable"), 409, "last_admin")


async def test_admins_who_disable_each_other_at_once_leave_one(api: Api) -> None:
    second = await make.user(api, "second", "admin")
    session_id = await api.owner.fetchval(
        "insert into session (user_id, expires_at) values ($1, now() + interval '1 hour') returning session_id",
        second["user_id"],
    )
    client = api.client(api.token(second["user_id"], session_id, ["admin"]))

    answers = await asyncio.gather(
        api.admin.post(f"/users/{second['user_id']}/disable"), client.post(f"/users/{api.user_ids['admin']}/disable")
    )

    assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 409])
    left = "select count(*) from dcms_user where is_active and 'admin' = any (roles)"
    assert await api.owner.fetchval(left) == 1


async def test_the_database_itself_keeps_one_admin(api: Api) -> None:
    """Two transactions that each see the other's admin."""
    await make.user(api, "second", "admin")
    async with api.owner.transaction():
        await api.owner.execute("update dcms_user set is_active = false where username = 'second'")
        change = asyncio.create_task(api.admin.patch(f"/users/{api.user_ids['admin']}", json={"roles": ["doctor"]}))
        await asyncio.sleep(0.1)
        assert not change.done()

    problem(await change, 409, "last_admin")


async def test_a_manager_disables_and_enables_no_admin(api: Api) -> None:
    second = await make.user(api, "second", "admin")
    for action in ("disable", "enable"):
        problem(await api.manager.post(f"/users/{second['user_id']}/{action}"), 403, "forbidden")
    assert (await api.admin.get(f"/users/{second['user_id']}")).json() == second


async def test_if_match_counts(api: Api) -> None:
    path = f"/users/{api.user_ids['doctor']}"
    etag = (await api.admin.get(path)).headers["etag"]
    await api.admin.patch(path, json={"display_name": "A"})

    for action in ("disable", "enable"):
        problem(await api.admin.post(f"{path}/{action}", headers={"If-Match": etag}), 412, "version_mismatch")
    assert (await api.doctor.get("/auth/me")).status_code == 200


async def test_the_sessions_that_end_are_in_the_audit_log(api: Api) -> None:
    await api.admin.post(f"/users/{api.user_ids['doctor']}/disable")

    ended, disabled = await api.audited(action="update")
    assert (disabled["entity"], disabled["after"]) == ("dcms_user", {"is_active": False})
    assert (ended["entity"], ended["entity_id"]) == ("session", api.session_ids["doctor"])
    assert {ended["actor_id"], disabled["actor_id"]} == {api.user_ids["admin"]}


async def test_a_login_that_comes_between_is_ended_too(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that was opened while the disabling waited for the user's row."""
    user_id = api.user_ids["doctor"]
    async with api.owner.transaction():
        await api.owner.execute("update dcms_user set last_login_at = now() where user_id = $1", user_id)
        change = asyncio.create_task(api.admin.post(f"/users/{user_id}/disable"))
        await asyncio.sleep(0.1)
        await api.owner.execute(
            "insert into session (user_id, expires_at) values ($1, now() + interval '1 hour')", user_id
        )
        assert not change.done()

    assert (await change).status_code == 200
    assert (
        await api.owner.fetchval("select count(*) from session where user_id = $1 and revoked_at is null", user_id) == 0
    )


async def test_it_takes_no_fields_and_names_what_there_is(api: Api) -> None:
    assert bad_fields(await api.admin.post(f"/users/{api.user_ids['doctor']}/disable", json={"why": "x"})) == {"why"}
    for action in ("disable", "enable"):
        problem(await api.admin.post(f"/users/123456/{action}"), 404, "not_found")
        problem(await api.doctor.post(f"/users/{api.user_ids['doctor']}/{action}"), 403, "forbidden")
