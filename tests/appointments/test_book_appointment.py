"""POST /appointments."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import make
from tests.api import Api, bad_fields, problem
from tests.make import jsonable, workday


async def test_booking_answers_201_with_the_appointment(api: Api) -> None:
    await make.settings(api, timezone="Europe/Berlin")
    patient = await make.patient(api, alerts=["latex"], phone_numbers=[{"number": "0171 2345678"}])
    doctor_id = await make.doctor(api, color="#aabbcc")
    chair_id = await make.chair_id(api)
    services = [await make.service_id(api, duration_min=20), await make.service_id(api, duration_min=25)]
    starts_at = workday(9, zone="Europe/Berlin")

    answer = await api.receptionist.post(
        "/appointments",
        json={
            "patient_id": patient["patient_id"],
            "doctor_id": doctor_id,
            "chair_id": chair_id,
            "service_ids": services,
            "starts_at": starts_at.astimezone(UTC).isoformat(),
            "note": "bring x-rays",
        },
    )

    assert answer.status_code == 201, answer.text
    body = answer.json()
    appointment_id = body["appointment_id"]
    assert answer.headers["location"] == f"/api/v1/appointments/{appointment_id}"
    assert answer.headers["etag"].startswith('"1-')
    assert body == {
        "appointment_id": appointment_id,
        "patient_id": patient["patient_id"],
        "doctor_id": doctor_id,
        "chair_id": chair_id,
        "service_ids": services,
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(minutes=45)).isoformat(),
        "status": "booked",
        "note": "bring x-rays",
        "cancel_reason": None,
        "is_overbooked": False,
        "is_uncovered": False,
        "confirmed_at": None,
        "checked_in_at": None,
        "finished_at": None,
        "cancelled_at": None,
        "cancelled_by": None,
        "created_by": api.user_ids["receptionist"],
        "created_at": body["created_at"],
        "updated_at": body["created_at"],
        "version": 1,
        "patient": {"name": "Anna Müller", "phone": "+491712345678", "alerts": ["latex"]},
        "doctor": {"name": "Dr. Eva Braun", "color": "#aabbcc"},
    }
    assert (await api.assistant.get(f"/appointments/{appointment_id}")).json() == body


async def test_booking_is_one_event_one_audit_entry_and_one_job(api: Api) -> None:
    appointment = await make.appointment(api)

    events = await api.owner.fetch("select action, from_status, to_status, actor_id from appointment_event")
    assert [tuple(event) for event in events] == [("book", None, "booked", api.user_ids["doctor"])]
    [entry] = await api.audited(entity="appointment")
    assert (entry["action"], entry["entity_id"]) == ("create", appointment["appointment_id"])
    assert entry["patient_id"] == appointment["patient_id"]
    assert await api.owner.fetchval("select count(*) from outbox where kind = 'appointment.reminders'") == 1


@pytest.mark.parametrize(
    "given, minutes",
    [
        ({"duration_min": 50}, 50),
        ({"ends_at": workday(10, 10)}, 70),
        ({}, 30),
        ({"service_ids": "two"}, 40),
        ({"service_ids": "two", "duration_min": 15}, 15),
    ],
)
async def test_its_length_is_as_asked_else_its_services_else_the_usual(
    api: Api, given: dict[str, Any], minutes: int
) -> None:
    if "service_ids" in given:
        given = {**given, "service_ids": [await make.service_id(api, duration_min=20) for _ in range(2)]}

    appointment = await make.appointment(api, **given)

    length = datetime.fromisoformat(appointment["ends_at"]) - datetime.fromisoformat(appointment["starts_at"])
    assert length == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    "given, fields",
    [
        ({"starts_at": "2026-11-23T09:00:00"}, {"starts_at"}),
        ({"starts_at": "tomorrow", "patient_id": 0, "doctor_id": "1"}, {"starts_at", "patient_id", "doctor_id"}),
        ({"ends_at": workday(10), "duration_min": 30}, {"duration_min"}),
        ({"ends_at": workday(9, 4)}, {"ends_at"}),
        ({"ends_at": workday(8)}, {"ends_at"}),
        ({"ends_at": workday(21, 1)}, {"ends_at"}),
        ({"duration_min": 4}, {"duration_min"}),
        ({"duration_min": 721}, {"duration_min"}),
        ({"allow_overlap": True}, {"override_reason"}),
        ({"override_reason": "because"}, {"override_reason"}),
        ({"status": "came", "note": 7, "service_ids": [0]}, {"status", "note", "service_ids[0]"}),
    ],
)
async def test_every_bad_field_is_named_and_nothing_is_stored(
    api: Api, given: dict[str, Any], fields: set[str]
) -> None:
    valid = {"patient_id": 1, "doctor_id": 1, "starts_at": workday()}

    answer = await api.receptionist.post("/appointments", json=jsonable({**valid, **given}))

    assert bad_fields(answer) == fields
    assert await api.owner.fetchval("select count(*) from appointment") == 0


async def test_services_of_over_12_hours_together_are_400(api: Api) -> None:
    service_id = await make.service_id(api, duration_min=400)
    body = {
        "patient_id": (await make.patient(api))["patient_id"],
        "doctor_id": await make.doctor(api),
        "starts_at": workday(),
        "service_ids": [service_id, service_id],
    }

    answer = await api.doctor.post("/appointments", json=jsonable(body))

    assert bad_fields(answer) == {"service_ids"}


async def test_what_is_referred_to_must_exist(api: Api) -> None:
    valid = {
        "patient_id": (await make.patient(api))["patient_id"],
        "doctor_id": await make.doctor(api),
        "starts_at": workday(),
    }
    for field, value in (("patient_id", 9999), ("doctor_id", 9999), ("chair_id", 9999), ("service_ids", [9999])):
        answer = await api.doctor.post("/appointments", json=jsonable({**valid, field: value}))

        assert problem(answer, 422, "unknown_reference")["errors"][0]["field"] == field
    assert await api.owner.fetchval("select count(*) from appointment") == 0


async def test_the_archived_the_merged_and_the_disabled_are_refused(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    valid = {"patient_id": patient_id, "doctor_id": await make.doctor(api), "starts_at": workday()}
    now = datetime.now(UTC)
    archived = (await make.patient(api))["patient_id"]
    await api.owner.execute(
        "update patient set archived_at = now(), status = 'archived' where patient_id = $1", archived
    )
    merged = (await make.patient(api))["patient_id"]
    await api.owner.execute(
        "update patient set merged_into = $1, status = 'merged' where patient_id = $2", patient_id, merged
    )
    cases = [
        ({"patient_id": archived}, 422, "archived"),
        ({"patient_id": merged}, 409, "merged"),
        ({"doctor_id": await make.doctor(api, archived_at=now)}, 422, "archived"),
        ({"doctor_id": await make.doctor(api, is_bookable=False)}, 422, "not_bookable"),
        ({"chair_id": await make.chair_id(api, is_active=False)}, 422, "inactive"),
        ({"service_ids": [await make.service_id(api, is_active=False)]}, 422, "inactive"),
    ]
    for given, status, code in cases:
        body = problem(await api.doctor.post("/appointments", json=jsonable({**valid, **given})), status, code)
        if code == "merged":
            assert body["merged_into"] == patient_id
    assert await api.owner.fetchval("select count(*) from appointment") == 0


async def test_too_soon_too_far_and_outside_hours_are_refused_unless_lifted(api: Api) -> None:
    await make.settings(api, booking_min_notice_minutes=60, booking_horizon_days=60)
    patient_id = (await make.patient(api))["patient_id"]
    doctor_id = await make.doctor(api)
    await make.working_hours(api, doctor_id, *((day, "00:00", "24:00") for day in range(1, 7)))
    now = datetime.now(UTC)
    sunday = workday(day=6)
    cases = [
        (now - timedelta(days=7), "too_short_notice"),
        (now + timedelta(minutes=59), "too_short_notice"),
        (now + timedelta(days=60, minutes=1), "beyond_horizon"),
        (sunday, "outside_working_hours"),
        # from Saturday into it
        (workday(23, 50, day=5), "outside_working_hours"),
    ]
    for starts_at, code in cases:
        body = jsonable({"patient_id": patient_id, "doctor_id": doctor_id, "starts_at": starts_at})
        problem(await api.receptionist.post("/appointments", json=body), 422, code)
        problem(
            await api.receptionist.post("/appointments", json={**body, "allow_outside_hours": True}), 403, "forbidden"
        )

        answer = await api.doctor.post("/appointments", json={**body, "allow_outside_hours": True})

        assert answer.status_code == 201, answer.text
        assert answer.json()["is_uncovered"] is False
        await api.doctor.post(f"/appointments/{answer.json()['appointment_id']}/cancel")


async def test_closures_and_time_off_are_no_working_time(api: Api) -> None:
    doctor_id = await make.doctor(api)
    patient_id = (await make.patient(api))["patient_id"]
    tuesday = workday(day=1)
    await api.owner.execute("insert into closure (starts_on, ends_on) values ($1, $1)", tuesday.date())
    await api.owner.execute(
        "insert into time_off (employee_id, starts_at, ends_at) values ($1, $2, $3)",
        doctor_id,
        workday(12),
        workday(13),
    )
    for starts_at, status in (
        (tuesday, 422),
        (workday(11, 45), 422),
        (workday(12, 30), 422),
        (workday(11, 30), 201),
        (workday(13), 201),
    ):
        body = jsonable({"patient_id": patient_id, "doctor_id": doctor_id, "starts_at": starts_at})
        answer = await api.receptionist.post("/appointments", json=body)

        assert answer.status_code == status, (starts_at, answer.text)


async def test_the_loser_is_told_what_stands_against_it(api: Api) -> None:
    await make.settings(api, timezone="Europe/Berlin", buffer_minutes=10)
    chair_id = await make.chair_id(api)
    first = await make.appointment(api, starts_at=workday(9, zone="Europe/Berlin"), chair_id=chair_id)
    second = await make.appointment(api, starts_at=workday(9, 30, zone="Europe/Berlin"), chair_id=chair_id)

    answer = await api.receptionist.post(
        "/appointments",
        json=jsonable(
            {
                "patient_id": second["patient_id"],
                "doctor_id": first["doctor_id"],
                "chair_id": chair_id,
                "starts_at": workday(9, 35, zone="Europe/Berlin"),
            }
        ),
    )

    def conflict(appointment: dict[str, Any], resource: str) -> dict[str, Any]:
        return {name: appointment[name] for name in ("appointment_id", "starts_at", "ends_at")} | {"resource": resource}

    # the buffer of the first one lasts until 9:40, for its doctor only
    assert problem(answer, 409, "appointment_overlap")["conflicts"] == [
        conflict(first, "doctor"),
        conflict(second, "chair"),
        conflict(second, "patient"),
    ]


async def test_appointments_may_touch(api: Api) -> None:
    first = await make.appointment(api, starts_at=workday(9))
    same = {name: first[name] for name in ("patient_id", "doctor_id")}

    await make.appointment(api, starts_at=workday(9, 30), **same)
    await make.appointment(api, starts_at=workday(8, 30), **same)


async def test_the_buffer_of_the_new_one_counts_too_but_need_not_fit_the_hours(api: Api) -> None:
    first = await make.appointment(api, starts_at=workday(10))
    await make.settings(api, buffer_minutes=15)
    body = jsonable({"patient_id": (await make.patient(api))["patient_id"], "doctor_id": first["doctor_id"]})

    early = await api.receptionist.post("/appointments", json=body | {"starts_at": workday(9, 20).isoformat()})
    late = await api.receptionist.post("/appointments", json=body | {"starts_at": workday(17, 30).isoformat()})

    problem(early, 409, "appointment_overlap")
    assert late.status_code == 201


@pytest.mark.parametrize("keyed", [False, True])
async def test_many_at_once_one_is_booked(api: Api, keyed: bool) -> None:
    doctor_id = await make.doctor(api)
    patients = [(await make.patient(api))["patient_id"] for _ in range(5)]

    async def book(number: int) -> Any:
        body = {"patient_id": patients[number % 5], "doctor_id": doctor_id, "duration_min": 60}
        headers = {"Idempotency-Key": f"k-{number}"} if keyed else {}
        return await api.receptionist.post(
            "/appointments", json=jsonable({**body, "starts_at": workday(9, number % 60)}), headers=headers
        )

    answers = await asyncio.gather(*(book(number) for number in range(60)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 59
    winner = next(answer.json() for answer in answers if answer.status_code == 201)
    for answer in answers:
        if answer.status_code == 409:
            conflicts = problem(answer, 409, "appointment_overlap")["conflicts"]
            assert {conflict["appointment_id"] for conflict in conflicts} == {winner["appointment_id"]}
    assert await api.owner.fetchval("select count(*) from appointment_claim") == 2


async def test_an_archived_patient_and_a_booking_at_once_see_each_other(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    doctor_id = await make.doctor(api)
    body = jsonable({"patient_id": patient_id, "doctor_id": doctor_id, "starts_at": workday()})
    async with api.owner.transaction():
        await api.owner.execute("update patient set archived_at = now(), status = 'archived'")
        booking = asyncio.create_task(api.receptionist.post("/appointments", json=body))
        await asyncio.sleep(0.2)
        was_waiting = not booking.done()

    answer = await booking

    assert was_waiting
    problem(answer, 422, "archived")


async def test_time_off_entered_while_a_booking_waits_is_seen(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    doctor_id = await make.doctor(api)
    body = jsonable({"patient_id": patient_id, "doctor_id": doctor_id, "starts_at": workday()})
    async with api.owner.transaction():
        await api.owner.execute("select from employee for update")
        booking = asyncio.create_task(api.receptionist.post("/appointments", json=body))
        await asyncio.sleep(0.2)
        await api.owner.execute(
            "insert into time_off (employee_id, starts_at, ends_at) values ($1, $2, $3)",
            doctor_id,
            workday(8),
            workday(12),
        )

    problem(await booking, 422, "outside_working_hours")


async def test_only_those_who_write_the_schedule_may_book(api: Api) -> None:
    for client in (api.assistant, api.patient):
        problem(await client.post("/appointments", json={}), 403, "forbidden")
    problem(await api.anonymous.post("/appointments", json={}), 401, "unauthenticated")
