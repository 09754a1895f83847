"""GET, POST and DELETE of an employee's time off."""

import asyncio
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from tests import make
from tests.api import Api, bad_fields, problem


def off(day: int = 0, hour: int = 0, hours: int = 24, **fields: Any) -> dict[str, Any]:
    """A time off, from an hour of one of the days of make.workday on."""
    starts_at = make.workday(hour, day=day)
    return make.jsonable({"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=hours), **fields})


async def enter(api: Api, doctor_id: int, body: dict[str, Any]) -> httpx.Response:
    return await api.manager.post(f"/employees/{doctor_id}/time_off", json=body)


async def test_entering_answers_201_with_what_it_leaves_uncovered(api: Api) -> None:
    await make.settings(api, timezone="Europe/Berlin")
    doctor_id = await make.doctor(api)
    first = await make.appointment(api, doctor_id=doctor_id, starts_at=make.workday(14))
    second = await make.appointment(api, doctor_id=doctor_id, starts_at=make.workday(10), duration_min=60)
    untouched = [
        await make.appointment(api, doctor_id=doctor_id, starts_at=make.workday(9), duration_min=30),
        await make.appointment(api, doctor_id=doctor_id, starts_at=make.workday(15)),
        await make.appointment(api, starts_at=make.workday(10)),
    ]
    cancelled = await make.appointment(api, doctor_id=doctor_id, starts_at=make.workday(12))
    await api.admin.post(f"/appointments/{cancelled['appointment_id']}/cancel")
    outside = await make.appointment(api, doctor_id=doctor_id, starts_at=make.workday(13), allow_outside_hours=True)

    starts_at, ends_at = make.workday(10, 30), make.workday(15)
    body = make.jsonable({"starts_at": starts_at, "ends_at": ends_at, "reason": " Flu "})
    answer = await enter(api, doctor_id, body)

    entered = answer.json()
    assert answer.status_code == 201
    assert "location" not in answer.headers
    assert entered == {
        "time_off_id": entered["time_off_id"],
        "employee_id": doctor_id,
        "starts_at": starts_at.astimezone(ZoneInfo("Europe/Berlin")).isoformat(),
        "ends_at": ends_at.astimezone(ZoneInfo("Europe/Berlin")).isoformat(),
        "reason": "Flu",
        "created_at": entered["created_at"],
        "affected": [second | {"is_uncovered": True}, first | {"is_uncovered": True}],
    }
    for each in (first, second):
        shown = (await api.admin.get(f"/appointments/{each['appointment_id']}")).json()
        assert shown == each | {"is_uncovered": True}
    for each in (*untouched, outside):
        shown = (await api.admin.get(f"/appointments/{each['appointment_id']}")).json()
        assert (shown["status"], shown["is_uncovered"]) == ("booked", False)
    entry = (await api.audited(entity="time_off"))[0]
    assert (entry["action"], entry["entity_id"], entry["actor_id"]) == (
        "create",
        entered["time_off_id"],
        api.user_ids["manager"],
    )


async def test_a_dry_run_writes_nothing(api: Api) -> None:
    doctor_id = await make.doctor(api)
    booked = await make.appointment(api, doctor_id=doctor_id)

    answer = await enter(api, doctor_id, off(dry_run=True))

    assert answer.status_code == 200
    assert answer.json() == off() | {
        "time_off_id": None,
        "employee_id": doctor_id,
        "reason": None,
        "created_at": None,
        "affected": [booked | {"is_uncovered": True}],
    }
    assert (await api.admin.get(f"/employees/{doctor_id}/time_off")).json()["items"] == []
    assert (await api.admin.get(f"/appointments/{booked['appointment_id']}")).json() == booked
    assert await api.audited(entity="time_off") == []


async def test_a_booking_at_the_same_moment_is_seen(api: Api) -> None:
    doctor_id = await make.doctor(api)
    patient_id = (await make.patient(api))["patient_id"]
    async with api.owner.transaction():
        await api.owner.execute("select from employee where employee_id = $1 for share", doctor_id)
        entering = asyncio.create_task(enter(api, doctor_id, off()))
        await asyncio.sleep(0.2)
        await api.owner.execute(
            "insert into appointment (patient_id, doctor_id, starts_at, ends_at) values ($1, $2, $3, $4)",
            patient_id,
            doctor_id,
            make.workday(9),
            make.workday(10),
        )

    assert len((await entering).json()["affected"]) == 1


async def test_the_list_is_by_start(api: Api) -> None:
    doctor_id = await make.doctor(api)
    path = f"/employees/{doctor_id}/time_off"
    made = [(await enter(api, doctor_id, off(day=day))).json() for day in (3, 1, 2, 1)]
    await enter(api, await make.doctor(api), off())
    for each in made:
        del each["affected"]

    whole = await api.assistant.get(path)
    first = (await api.assistant.get(f"{path}?limit=3")).json()
    rest = (await api.assistant.get(f"{path}?limit=3&cursor={first['next_cursor']}")).json()

    assert whole.json() == {"items": [made[1], made[3], made[2], made[0]], "next_cursor": None}
    assert first["items"] + rest["items"] == whole.json()["items"]
    assert rest["next_cursor"] is None


async def test_taking_it_back_covers_the_appointments_again(api: Api) -> None:
    doctor_id = await make.doctor(api)
    booked = await make.appointment(api, doctor_id=doctor_id)
    time_off_id = (await enter(api, doctor_id, off())).json()["time_off_id"]
    other = await make.doctor(api)

    elsewhere = await api.manager.delete(f"/employees/{other}/time_off/{time_off_id}")
    answer = await api.manager.delete(f"/employees/{doctor_id}/time_off/{time_off_id}")
    again = await api.manager.delete(f"/employees/{doctor_id}/time_off/{time_off_id}")

    problem(elsewhere, 404, "not_found")
    assert (answer.status_code, answer.content) == (204, b"")
    problem(again, 404, "not_found")
    assert (await api.admin.get(f"/appointments/{booked['appointment_id']}")).json() == booked
    assert [row["action"] for row in await api.audited(entity="time_off")] == ["delete", "create"]


async def test_the_same_key_enters_it_once(api: Api) -> None:
    doctor_id = await make.doctor(api)
    path = f"/employees/{doctor_id}/time_off"

    answers = [await api.admin.post(path, json=off(), headers={"Idempotency-Key": "k-1"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert len((await api.admin.get(path)).json()["items"]) == 1


async def test_every_bad_field_is_named_and_nothing_is_stored(api: Api) -> None:
    doctor_id = await make.doctor(api)
    good = off()
    bodies: list[tuple[dict[str, Any], set[str]]] = [
        ({}, {"starts_at", "ends_at"}),
        (good | {"ends_at": good["starts_at"]}, {"ends_at"}),
        (good | {"ends_at": "2026-01-01T00:00:00Z"}, {"ends_at"}),
        ({"starts_at": "2026-12-01T08:00:00", "ends_at": "2026-12-01"}, {"starts_at", "ends_at"}),
        (good | {"reason": "x" * 10_001, "dry_run": 1, "time_off_id": 1}, {"reason", "dry_run", "time_off_id"}),
        (good | {"ends_at": "9999-12-31T23:59:59Z"}, {"ends_at"}),
    ]

    for body, fields in bodies:
        assert bad_fields(await enter(api, doctor_id, body)) == fields
    assert (await api.admin.get(f"/employees/{doctor_id}/time_off")).json()["items"] == []


async def test_who_may_what(api: Api) -> None:
    path = f"/employees/{await make.doctor(api)}/time_off"

    for client in (api.doctor, api.assistant, api.receptionist):
        assert (await client.get(path)).status_code == 200
        problem(await client.post(path, json=off()), 403, "forbidden")
        problem(await client.delete(f"{path}/1"), 403, "forbidden")
    problem(await api.patient.get(path), 403, "forbidden")
    problem(await api.anonymous.get(path), 401, "unauthenticated")
    problem(await api.admin.get("/employees/99/time_off"), 404, "not_found")
    problem(await api.admin.post("/employees/99/time_off", json=off()), 404, "not_found")
    problem(await api.admin.delete(f"{path}/99"), 404, "not_found")
