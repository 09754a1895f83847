"""GET /users, GET /users/{user_id}, GET /users/lookup, GET /roles."""

from typing import Any

import httpx
import pytest

from dcms.access.permissions import Role, permissions_of
from tests import make
from tests.api import Api, bad_fields, problem


async def pages(client: httpx.AsyncClient, path: str, **parameters: Any) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    while True:
        answer = await client.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        seen += answer.json()["items"]
        if answer.json()["next_cursor"] is None:
            return seen
        parameters["cursor"] = answer.json()["next_cursor"]


async def test_pages_hold_every_user_once_by_id(api: Api) -> None:
    users = await pages(api.manager, "/users", limit=4)

    assert [user["user_id"] for user in users] == sorted(api.user_ids.values())
    assert users[0] == (await api.admin.get(f"/users/{users[0]['user_id']}")).json()


async def test_a_search_finds_parts_with_or_without_accents_best_first(api: Api) -> None:
    for username, name in (
        ("hans.joerg", "Jörg Müller"),
        ("jorg", "Hans"),
        ("jorge", "Georg"),
        ("major", "Major Gerber"),
        ("nobody", "Nobody"),
    ):
        await make.user(api, username, display_name=name)

    async def found(query: str, **more: Any) -> list[str]:
        return [user["username"] for user in await pages(api.admin, "/users", query=query, limit=1, **more)]

    assert await found("jorg") == ["jorg", "jorge", "hans.joerg"]
    assert await found("JÖRG mull") == ["hans.joerg"]
    assert await found("müller") == await found("muller") == ["hans.joerg"]
    assert await found("100%_") == []
    assert await found("jor", role="admin") == []


async def test_filters(api: Api) -> None:
    await make.user(api, "both", "doctor", "manager")
    await api.admin.post(f"/users/{api.user_ids['assistant']}/disable")

    async def found(**filters: Any) -> set[str]:
        return {user["username"] for user in await pages(api.admin, "/users", **filters)}

    assert await found(role="doctor") == {"doctor", "both"}
    assert await found(role=["patient", "manager"]) == {"patient", "manager", "both"}
    assert await found(is_active="false") == {"assistant"}
    assert await found(role="doctor", is_active="true", query="both") == {"both"}


async def test_every_bad_parameter_is_named(api: Api) -> None:
    answer = await api.admin.get("/users", params={"role": "owner", "is_active": "perhaps", "limit": 0, "name": "x"})

    assert bad_fields(answer) == {"role", "is_active", "limit", "name"}
    cursor = (await api.admin.get("/users?limit=1")).json()["next_cursor"]
    assert bad_fields(await api.admin.get("/users", params={"cursor": cursor, "role": "admin"})) == {"cursor"}


async def test_a_user_is_looked_up_by_name_in_any_case(api: Api) -> None:
    answer = await api.manager.get("/users/lookup", params={"username": " DocTor "})

    assert answer.status_code == 200
    assert answer.json() == (await api.admin.get(f"/users/{api.user_ids['doctor']}")).json()
    problem(await api.admin.get("/users/lookup?username=nobody"), 404, "not_found")
    assert bad_fields(await api.admin.get("/users/lookup")) == {"username"}
    assert bad_fields(await api.admin.get("/users/lookup?username=")) == {"username"}


async def test_roles_come_with_their_permissions(api: Api) -> None:
    items = await pages(api.manager, "/roles", limit=4)

    assert [item["role"] for item in items] == list(Role)
    assert items[1] == {
        "role": "manager",
        "title": "Manager",
        "permissions": sorted(permissions_of(frozenset({Role.MANAGER}))),
    }
    assert bad_fields(await api.admin.get("/roles?cursor=x")) == {"cursor"}


async def test_what_names_nothing_is_404(api: Api) -> None:
    for path in ("/users/123456", "/users/0", "/users/99999999999999999999"):
        problem(await api.admin.get(path), 404, "not_found")


@pytest.mark.parametrize("path", ["/users", "/users/1", "/users/lookup?username=admin", "/roles"])
async def test_only_admins_and_managers_may(api: Api, path: str) -> None:
    for client in (api.doctor, api.assistant, api.receptionist, api.patient):
        problem(await client.get(path), 403, "forbidden")
    problem(await api.anonymous.get(path), 401, "unauthenticated")
