"""The positions of an employee: GET, POST, DELETE and make_primary."""

import asyncio
from typing import Any

import pytest

from tests import make
from tests.api import Api, bad_fields, problem


async def employee_and_positions(api: Api, *names: str) -> tuple[str, list[int]]:
    """The path of a new employee, and the ids of new positions."""
    employee = await make.employee(api)
    return f"/employees/{employee['employee_id']}", [(await make.position(api, name))["position_id"] for name in names]


async def held(api: Api, path: str) -> list[tuple[str, bool]]:
    items = (await api.doctor.get(f"{path}/positions")).json()["items"]
    assert items == (await api.doctor.get(path)).json()["positions"]
    return [(item["name"], item["is_primary"]) for item in items]


async def version(api: Api, path: str) -> Any:
    return (await api.admin.get(path)).json()["version"]


async def test_the_first_one_is_primary(api: Api) -> None:
    path, (dentist, partner) = await employee_and_positions(api, "Dentist", "Partner")

    first = await api.manager.post(f"{path}/positions/{dentist}")
    second = await api.manager.post(f"{path}/positions/{partner}")
    again = await api.manager.post(f"{path}/positions/{partner}")

    assert [first.status_code, second.status_code, again.status_code] == [201, 201, 200]
    assert first.json() == {"position_id": dentist, "name": "Dentist", "is_primary": True}
    assert second.json() == {"position_id": partner, "name": "Partner", "is_primary": False}
    assert again.json() == second.json()
    assert "location" not in first.headers
    assert await held(api, path) == [("Dentist", True), ("Partner", False)]
    assert await version(api, path) == 3
    assert len(await api.audited(entity="employee_position", action="create")) == 2


async def test_making_primary_again_changes_nothing(api: Api) -> None:
    path, (dentist, partner) = await employee_and_positions(api, "Dentist", "Partner")
    for position_id in (dentist, partner):
        await api.admin.post(f"{path}/positions/{position_id}")

    answers = [await api.manager.post(f"{path}/positions/{partner}/make_primary") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [answer.json() for answer in answers] == [
        {"position_id": partner, "name": "Partner", "is_primary": True}
    ] * 2
    assert await held(api, path) == [("Partner", True), ("Dentist", False)]
    assert await version(api, path) == 4


async def test_deleting_the_primary_one_promotes_the_oldest(api: Api) -> None:
    path, ids = await employee_and_positions(api, "A", "B", "C")
    for position_id in (ids[2], ids[1], ids[0]):
        await api.admin.post(f"{path}/positions/{position_id}")
    await api.admin.post(f"{path}/positions/{ids[0]}/make_primary")

    primary = await api.manager.delete(f"{path}/positions/{ids[0]}")
    after_primary = await held(api, path)
    other = await api.manager.delete(f"{path}/positions/{ids[1]}")
    last = await api.manager.delete(f"{path}/positions/{ids[2]}")

    assert [(answer.status_code, answer.content) for answer in (primary, other, last)] == [(204, b"")] * 3
    assert after_primary == [("C", True), ("B", False)]
    assert await held(api, path) == []
    problem(await api.manager.delete(f"{path}/positions/{ids[2]}"), 404, "not_found")
    assert await version(api, path) == 8
    assert len(await api.audited(entity="employee_position", action="delete")) == 3


async def test_a_disabled_position_is_given_to_nobody_new(api: Api) -> None:
    path, (position_id,) = await employee_and_positions(api, "Trainee")
    await api.admin.post(f"{path}/positions/{position_id}")
    await api.admin.post(f"/positions/{position_id}/disable")
    other = f"/employees/{(await make.employee(api))['employee_id']}"

    problem(await api.admin.post(f"{other}/positions/{position_id}"), 422, "inactive")
    assert await held(api, other) == []
    assert (await api.admin.post(f"{path}/positions/{position_id}")).status_code == 200


async def test_pages_hold_every_position_once(api: Api) -> None:
    path, ids = await employee_and_positions(api, "A", "B", "C")
    for position_id in ids[::-1]:
        await api.admin.post(f"{path}/positions/{position_id}")

    first = (await api.assistant.get(f"{path}/positions?limit=2")).json()
    rest = (await api.assistant.get(f"{path}/positions?limit=2&cursor={first['next_cursor']}")).json()

    assert [item["name"] for item in first["items"] + rest["items"]] == ["C", "B", "A"]
    assert rest["next_cursor"] is None
    assert bad_fields(await api.admin.get(f"{path}/positions?cursor=x")) == {"cursor"}


async def test_there_is_one_primary_whatever_comes_at_once(api: Api) -> None:
    path, ids = await employee_and_positions(api, *"ABCDEF")

    added = await asyncio.gather(*(api.admin.post(f"{path}/positions/{position_id}") for position_id in ids * 2))
    after_adding = await held(api, path)
    changed = await asyncio.gather(
        *(api.admin.post(f"{path}/positions/{position_id}/make_primary") for position_id in ids),
        *(api.admin.delete(f"{path}/positions/{position_id}") for position_id in ids[:5]),
    )

    assert sorted(answer.status_code for answer in added) == [200] * 6 + [201] * 6
    assert [is_primary for _, is_primary in after_adding] == [True] + [False] * 5
    assert {answer.status_code for answer in changed} <= {200, 204, 404}
    assert await held(api, path) == [("F", True)]


async def test_the_list_has_the_version_of_the_employee(api: Api) -> None:
    path, (position_id,) = await employee_and_positions(api, "A")
    await api.admin.post(f"{path}/positions/{position_id}")

    etag = (await api.admin.get(f"{path}/positions")).headers["etag"]
    unchanged = await api.admin.get(f"{path}/positions", headers={"If-None-Match": etag})

    assert etag.startswith('"2-')
    assert unchanged.status_code == 304


@pytest.mark.parametrize("method,action", [("POST", ""), ("DELETE", ""), ("POST", "/make_primary")])
async def test_permission_404_and_412(api: Api, method: str, action: str) -> None:
    path, (position_id, other) = await employee_and_positions(api, "A", "B")
    stale = {"If-Match": (await api.admin.get(path)).headers["etag"]}
    await api.admin.post(f"{path}/positions/{position_id}")
    before = (await api.admin.get(path)).json()

    for client in (api.doctor, api.assistant, api.receptionist, api.patient):
        problem(await client.request(method, f"{path}/positions/{position_id}{action}"), 403, "forbidden")
    problem(await api.anonymous.request(method, f"{path}/positions/{position_id}{action}"), 401, "unauthenticated")
    for missing in (f"/employees/99/positions/{position_id}", f"{path}/positions/99"):
        problem(await api.admin.request(method, missing + action, headers=stale), 404, "not_found")
    if (method, action) != ("POST", ""):
        problem(await api.admin.request(method, f"{path}/positions/{other}{action}"), 404, "not_found")
    for named in (position_id, other):
        refused = await api.admin.request(method, f"{path}/positions/{named}{action}", headers=stale)
        problem(refused, 412, "version_mismatch")
    assert (await api.admin.get(path)).json() == before
    problem(await api.admin.get("/employees/99/positions"), 404, "not_found")
