"""GET /users/{user_id}/sessions and POST /users/{user_id}/sessions/revoke_all."""

import pytest

from tests import make
from tests.api import Api, problem
from tests.auth.test_sessions import open_session


async def test_an_admin_sees_a_users_live_sessions_newest_first(api: Api) -> None:
    second, _ = await open_session(api)
    await open_session(api, revoked_at="now()")
    await open_session(api, "assistant")
    path = f"/users/{api.user_ids['doctor']}/sessions"

    answer = await api.admin.get(path)
    first_page = (await api.admin.get(path, params={"limit": 1})).json()

    items = answer.json()["items"]
    assert [session["session_id"] for session in items] == [second, api.session_ids["doctor"]]
    assert not any(session["is_current"] for session in items)
    assert first_page["items"] == items[:1]
    next_page = await api.admin.get(path, params={"limit": 1, "cursor": first_page["next_cursor"]})
    assert next_page.json() == {"items": items[1:], "next_cursor": None}


async def test_his_own_list_says_which_one_is_current(api: Api) -> None:
    items = (await api.admin.get(f"/users/{api.user_ids['admin']}/sessions")).json()["items"]

    assert [session["is_current"] for session in items] == [True]


async def test_an_admin_ends_a_users_sessions(api: Api) -> None:
    _, client = await open_session(api)
    path = f"/users/{api.user_ids['doctor']}/sessions"

    answer = await api.admin.post(f"{path}/revoke_all")

    assert (answer.status_code, answer.json()) == (200, {"revoked": 2})
    for each in (api.doctor, client):
        problem(await each.get("/auth/me"), 401, "unauthenticated")
    assert (await api.admin.get(path)).json() == {"items": [], "next_cursor": None}
    assert (await api.admin.post(f"{path}/revoke_all")).json() == {"revoked": 0}
    ended = await api.audited(entity="session", action="update")
    assert {entry["actor_id"] for entry in ended} == {api.user_ids["admin"]}
    assert len(ended) == 2


async def test_a_user_without_sessions_has_none_and_nobody_is_404(api: Api) -> None:
    user = await make.user(api, "anna")

    assert (await api.admin.get(f"/users/{user['user_id']}/sessions")).json()["items"] == []
    problem(await api.admin.get("/users/123456/sessions"), 404, "not_found")
    problem(await api.admin.post("/users/123456/sessions/revoke_all"), 404, "not_found")


@pytest.mark.parametrize("role", ["manager", "doctor", "assistant", "receptionist", "patient"])
async def test_only_an_admin_may(api: Api, role: str) -> None:
    path = f"/users/{api.user_ids['doctor']}/sessions"
    client = getattr(api, role)

    problem(await client.get(path), 403, "forbidden")
    problem(await client.post(f"{path}/revoke_all"), 403, "forbidden")
