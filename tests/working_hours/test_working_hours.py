"""GET and PUT /employees/{employee_id}/working_hours."""

import asyncio
from typing import Any

from tests import make
from tests.api import Api, bad_fields, problem


def hours(
    weekday: int, opens: str, closes: str, valid_from: str | None = None, valid_to: str | None = None
) -> dict[str, Any]:
    return {"weekday": weekday, "opens": opens, "closes": closes, "valid_from": valid_from, "valid_to": valid_to}


async def path_of_employee(api: Api) -> str:
    return f"/employees/{(await make.employee(api))['employee_id']}/working_hours"


async def test_without_hours_the_list_is_empty(api: Api) -> None:
    path = await path_of_employee(api)

    answer = await api.assistant.get(path)

    assert (answer.status_code, answer.json()) == (200, {"items": [], "next_cursor": None})
    assert answer.headers["etag"].startswith('"1-')


async def test_hours_are_replaced_whole_and_shown_in_order(api: Api) -> None:
    path = await path_of_employee(api)
    await api.manager.put(path, json=[hours(1, "08:00", "12:00"), hours(5, "08:00", "12:00")])

    answer = await api.manager.put(
        path,
        json=[
            hours(3, "13:00", "24:00"),
            hours(1, "08:00", "14:00", "2027-01-01", "2027-06-30"),
            hours(1, "08:00", "12:00", None, "2026-12-31"),
            {"weekday": 3, "opens": "00:00", "closes": "13:00"},
            hours(1, "08:00", "16:00", "2027-07-01"),
        ],
    )

    assert answer.status_code == 200
    assert answer.json() == {
        "items": [
            hours(1, "08:00", "12:00", None, "2026-12-31"),
            hours(1, "08:00", "14:00", "2027-01-01", "2027-06-30"),
            hours(1, "08:00", "16:00", "2027-07-01"),
            hours(3, "00:00", "13:00"),
            hours(3, "13:00", "24:00"),
        ],
        "next_cursor": None,
    }
    shown = await api.doctor.get(path)
    assert (shown.json(), shown.headers["etag"]) == (answer.json(), answer.headers["etag"])
    assert answer.headers["etag"].startswith('"3-')
    cleared = await api.manager.put(path, json=[])
    assert cleared.json() == {"items": [], "next_cursor": None}


async def test_pages_hold_every_row_once(api: Api) -> None:
    path = await path_of_employee(api)
    week = [hours(day, opens, closes) for day in (1, 2) for opens, closes in (("08:00", "09:00"), ("10:00", "11:00"))]
    week += [hours(3, "08:00", "09:00", None, "2026-01-01"), hours(3, "08:00", "09:00", "2026-01-02")]
    await api.admin.put(path, json=week)

    seen: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await api.admin.get(f"{path}?limit=1{cursor}")).json()
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert seen == week


async def test_the_same_hours_again_change_nothing(api: Api) -> None:
    path = await path_of_employee(api)
    week = [hours(1, "08:00", "12:00"), hours(2, "08:00", "12:00", "2026-01-01")]
    first = await api.admin.put(path, json=week)
    audited = len(await api.audited())

    again = await api.admin.put(path, json=week[::-1])

    assert (again.json(), again.headers["etag"]) == (first.json(), first.headers["etag"])
    assert len(await api.audited()) == audited


async def test_a_change_is_audited_row_by_row(api: Api) -> None:
    path = await path_of_employee(api)
    await api.admin.put(path, json=[hours(1, "08:00", "12:00"), hours(2, "08:00", "12:00")])

    await api.manager.put(path, json=[hours(1, "08:00", "12:00"), hours(2, "09:00", "12:00")])

    entries = await api.audited(actor_id=api.user_ids["manager"])
    assert sorted((row["entity"], row["action"]) for row in entries) == [
        ("working_hours", "create"),
        ("working_hours", "delete"),
    ]


async def test_every_bad_field_is_named_with_its_index(api: Api) -> None:
    path = await path_of_employee(api)

    answer = await api.admin.put(
        path,
        json=[
            hours(8, "8:00", "24:01"),
            hours(1, "12:00", "12:00"),
            hours(1, "08:00", "09:00", "2026-02-30", "2026-01-01"),
            hours(1, "08:00", "09:00", "2026-02-02", "2026-02-01"),
            {"opens": "24:00", "day": 1},
            7,
        ],
    )

    assert bad_fields(answer) == {
        "[0].weekday",
        "[0].opens",
        "[0].closes",
        "[1].closes",
        "[2].valid_from",
        "[3].valid_to",
        "[4].weekday",
        "[4].opens",
        "[4].closes",
        "[4].day",
        "[5]",
    }
    assert bad_fields(await api.admin.put(path, json={"items": []})) == {""}
    assert bad_fields(await api.admin.put(path, json=[hours(1, "08:00", "09:00")] * 201)) == {""}
    assert bad_fields(await api.admin.put(path)) == {""}
    assert (await api.admin.get(path)).json()["items"] == []


async def test_overlaps_are_named_unless_they_are_valid_at_other_times(api: Api) -> None:
    path = await path_of_employee(api)

    answer = await api.admin.put(
        path,
        json=[
            hours(1, "08:00", "12:00", None, "2026-06-30"),
            hours(1, "11:00", "13:00", "2026-06-30", None),
            hours(2, "08:00", "12:00", "2026-01-01", None),
            hours(2, "11:59", "24:00"),
            hours(2, "12:00", "13:00", None, "2025-12-31"),
        ],
    )

    assert bad_fields(answer) == {"[1]", "[3]", "[4]"}
    assert (await api.admin.get(path)).json()["items"] == []


async def test_another_version_is_412_and_changes_nothing(api: Api) -> None:
    path = await path_of_employee(api)
    stale = {"If-Match": (await api.admin.get(path)).headers["etag"]}

    first = await api.admin.put(path, json=[hours(1, "08:00", "12:00")], headers=stale)
    second = await api.admin.put(path, json=[], headers=stale)

    assert first.status_code == 200
    problem(second, 412, "version_mismatch")
    assert (await api.admin.get(path)).json() == first.json()


async def test_many_at_once_are_one_after_the_other(api: Api) -> None:
    path = await path_of_employee(api)
    weeks = [[hours(day, f"{n:02}:00", "20:00") for day in range(1, 6)] for n in range(8)]

    answers = await asyncio.gather(*(api.admin.put(path, json=week) for week in weeks))

    assert [answer.status_code for answer in answers] == [200] * 8
    assert [answer.json()["items"] for answer in answers] == weeks
    assert (await api.admin.get(path)).json()["items"] in weeks


async def test_who_may_what(api: Api) -> None:
    path = await path_of_employee(api)

    for client in (api.doctor, api.assistant, api.receptionist):
        assert (await client.get(path)).status_code == 200
        problem(await client.put(path, json=[]), 403, "forbidden")
    problem(await api.patient.get(path), 403, "forbidden")
    problem(await api.anonymous.get(path), 401, "unauthenticated")
    problem(await api.admin.get("/employees/9/working_hours"), 404, "not_found")
    problem(await api.admin.put("/employees/9/working_hours", json=[]), 404, "not_found")
