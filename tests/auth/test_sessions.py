"""One's own sessions: list, show, extend, end."""

from typing import Any

import httpx
import pytest

from tests.api import Api, bad_fields, problem


async def open_session(api: Api, username: str = "doctor", **columns: Any) -> tuple[int, httpx.AsyncClient]:
    """One more session of a user, with a client in it."""
    values: dict[str, Any] = {"user_id": api.user_ids[username], "expires_at": "now() + interval '1 hour'", **columns}
    names, literals = ", ".join(values), ", ".join(map(str, values.values()))
    session_id = await api.owner.fetchval(f"insert into session ({names}) values ({literals}) returning session_id")
    return session_id, api.client(api.token(api.user_ids[username], session_id, [username]))


async def test_the_list_holds_live_sessions_of_ones_own_newest_first(api: Api) -> None:
    second, client = await open_session(api, ip="'192.0.2.1'", user_agent="'Browser'", device_name="'Phone'")
    await open_session(api, revoked_at="now()")
    await open_session(api, expires_at="now()")
    await open_session(api, "assistant")

    answer = await client.get("/auth/sessions")

    newest, oldest = answer.json()["items"]
    assert answer.json()["next_cursor"] is None
    assert (newest["session_id"], oldest["session_id"]) == (second, api.session_ids["doctor"])
    assert (newest["is_current"], oldest["is_current"]) == (True, False)
    assert newest == {
        "session_id": second,
        "user_id": api.user_ids["doctor"],
        "created_at": newest["created_at"],
        "last_used_at": newest["created_at"],
        "expires_at": newest["expires_at"],
        "revoked_at": None,
        "ip": "192.0.2.1",
        "user_agent": "Browser",
        "device_name": "Phone",
        "impersonator_id": None,
        "is_current": True,
    }


async def test_the_list_has_pages(api: Api) -> None:
    ids = [api.session_ids["doctor"], *[(await open_session(api))[0] for _ in range(4)]]

    seen: list[int] = []
    parameters: dict[str, Any] = {"limit": 2}
    while True:
        page = (await api.doctor.get("/auth/sessions", params=parameters)).json()
        seen += [session["session_id"] for session in page["items"]]
        if page["next_cursor"] is None:
            break
        parameters["cursor"] = page["next_cursor"]

    assert seen == ids[::-1]
    assert bad_fields(await api.doctor.get("/auth/sessions?limit=201&user_id=1")) == {"limit", "user_id"}


async def test_anothers_session_is_404(api: Api) -> None:
    foreign = api.session_ids["assistant"]

    for answer in (
        await api.doctor.get(f"/auth/sessions/{foreign}"),
        await api.admin.get(f"/auth/sessions/{foreign}"),
        await api.doctor.post(f"/auth/sessions/{foreign}/revoke"),
        await api.doctor.post(f"/auth/sessions/{foreign}/extend"),
        await api.doctor.get("/auth/sessions/123456"),
    ):
        problem(answer, 404, "not_found")
    assert (await api.assistant.get("/auth/me")).status_code == 200


async def test_extending_moves_the_end_to_one_refresh_lifetime_from_now(api: Api) -> None:
    session_id = api.session_ids["doctor"]

    answer = await api.doctor.post(f"/auth/sessions/{session_id}/extend")

    left = "select extract(epoch from expires_at - now()) from session where session_id = $1"
    assert answer.status_code == 200
    assert answer.json() == (await api.doctor.get(f"/auth/sessions/{session_id}")).json()
    assert 43_195 < await api.owner.fetchval(left, session_id) <= 43_200
    (entry,) = await api.audited(entity="session", action="update")
    assert (entry["actor_id"], entry["entity_id"]) == (api.user_ids["doctor"], session_id)
    assert entry["after"].keys() == {"expires_at"}


async def test_extending_never_goes_past_the_longest_session(api: Api) -> None:
    session_id = api.session_ids["doctor"]
    await api.owner.execute("update session set created_at = now() - interval '6 days 23 hours'")

    for _ in range(2):
        assert (await api.doctor.post(f"/auth/sessions/{session_id}/extend")).status_code == 200

    lasts = "select extract(epoch from expires_at - created_at) from session where session_id = $1"
    assert await api.owner.fetchval(lasts, session_id) == 604_800


async def test_extending_never_shortens(api: Api) -> None:
    await api.owner.execute("update session set expires_at = now() + interval '3 days'")
    path = f"/auth/sessions/{api.session_ids['doctor']}"
    before = (await api.doctor.get(path)).json()["expires_at"]

    assert (await api.doctor.post(f"{path}/extend")).json()["expires_at"] == before


@pytest.mark.parametrize("columns", [{"revoked_at": "now()"}, {"expires_at": "now()"}], ids=["revoked", "over"])
async def test_what_has_ended_is_not_extended_but_still_shown(api: Api, columns: dict[str, str]) -> None:
    session_id, _ = await open_session(api, **columns)

    problem(await api.doctor.post(f"/auth/sessions/{session_id}/extend"), 409, "invalid_transition")
    assert (await api.doctor.get(f"/auth/sessions/{session_id}")).json()["session_id"] == session_id


async def test_revoking_ends_a_session_at_once_and_again_changes_nothing(api: Api) -> None:
    session_id, client = await open_session(api)

    first = await api.doctor.post(f"/auth/sessions/{session_id}/revoke")
    problem(await client.get("/auth/me"), 401, "unauthenticated")
    again = await api.doctor.post(f"/auth/sessions/{session_id}/revoke")

    assert first.status_code == 200
    assert first.json()["revoked_at"] is not None
    assert again.json() == first.json()
    (entry,) = await api.audited(entity="session", action="update")
    assert (entry["actor_id"], entry["session_id"]) == (api.user_ids["doctor"], api.session_ids["doctor"])
    assert (await api.doctor.get("/auth/me")).status_code == 200


async def test_logging_out_ends_this_session_only(api: Api) -> None:
    _, client = await open_session(api)

    answer = await client.post("/auth/logout")

    assert (answer.status_code, answer.content) == (204, b"")
    problem(await client.get("/auth/me"), 401, "unauthenticated")
    problem(await client.post("/auth/logout"), 401, "unauthenticated")
    assert (await api.doctor.get("/auth/me")).status_code == 200


async def test_logging_out_everywhere_else_keeps_this_session(api: Api) -> None:
    others = [(await open_session(api))[1] for _ in range(2)]
    await open_session(api, expires_at="now()")

    answer = await api.doctor.post("/auth/logout_all_except_current")

    assert (answer.status_code, answer.json()) == (200, {"revoked": 2})
    for client in others:
        problem(await client.get("/auth/me"), 401, "unauthenticated")
    assert (await api.doctor.post("/auth/logout_all_except_current")).json() == {"revoked": 0}
    assert (await api.assistant.get("/auth/me")).status_code == 200


async def test_revoking_all_ends_this_session_too(api: Api) -> None:
    _, client = await open_session(api)

    answer = await api.doctor.post("/auth/sessions/revoke_all")

    assert (answer.status_code, answer.json()) == (200, {"revoked": 2})
    for each in (api.doctor, client):
        problem(await each.get("/auth/me"), 401, "unauthenticated")


async def test_a_patient_has_sessions_too(api: Api) -> None:
    page = (await api.patient.get("/auth/sessions")).json()

    assert [session["session_id"] for session in page["items"]] == [api.session_ids["patient"]]
    assert (await api.patient.post("/auth/sessions/revoke_all")).json() == {"revoked": 1}


async def test_an_action_takes_no_fields(api: Api) -> None:
    path = f"/auth/sessions/{api.session_ids['doctor']}/revoke"

    assert bad_fields(await api.doctor.post(path, json={"force": True})) == {"force"}
    assert (await api.doctor.post(path, json={})).status_code == 200
