"""PATCH /appointments/{appointment_id}."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests import make
from tests.api import Api, bad_fields, problem
from tests.make import jsonable, workday


async def change(
    client: httpx.AsyncClient, appointment: dict[str, Any], headers: dict[str, str] | None = None, **fields: Any
) -> httpx.Response:
    """PATCH an appointment."""
    return await client.patch(
        f"/appointments/{appointment['appointment_id']}", json=jsonable(fields), headers=headers or {}
    )


def times(appointment: dict[str, Any]) -> tuple[datetime, datetime]:
    """Start and end."""
    return datetime.fromisoformat(appointment["starts_at"]), datetime.fromisoformat(appointment["ends_at"])


async def test_a_start_alone_keeps_the_length(api: Api) -> None:
    appointment = await make.appointment(api, duration_min=50, note="x")

    answer = await change(api.receptionist, appointment, starts_at=workday(14))

    assert answer.status_code == 200, answer.text
    moved = answer.json()
    assert times(moved) == (workday(14), workday(14, 50))
    assert (moved["version"], moved["note"], moved["appointment_id"]) == (2, "x", appointment["appointment_id"])
    assert moved == (await api.receptionist.get(f"/appointments/{appointment['appointment_id']}")).json()


@pytest.mark.parametrize(
    "given, expected",
    [
        ({"duration_min": 10}, (workday(9), workday(9, 10))),
        ({"ends_at": workday(10)}, (workday(9), workday(10))),
        ({"starts_at": workday(8), "duration_min": 20}, (workday(8), workday(8, 20))),
        ({"starts_at": workday(8), "ends_at": workday(9)}, (workday(8), workday(9))),
    ],
)
async def test_start_end_and_length_go_together(
    api: Api, given: dict[str, Any], expected: tuple[datetime, datetime]
) -> None:
    appointment = await make.appointment(api)

    answer = await change(api.receptionist, appointment, **given)

    assert times(answer.json()) == expected


@pytest.mark.parametrize(
    "given, fields",
    [
        ({"ends_at": workday(10), "duration_min": 10}, {"duration_min"}),
        ({"ends_at": workday(9, 4)}, {"ends_at"}),
        ({"ends_at": workday(8)}, {"ends_at"}),
        ({"starts_at": None, "ends_at": None, "duration_min": None}, {"starts_at", "ends_at", "duration_min"}),
        ({"doctor_id": None, "service_ids": None, "patient_id": 1}, {"doctor_id", "service_ids", "patient_id"}),
        ({"allow_overlap": True}, {"override_reason"}),
        ({"status": "came", "note": 1}, {"status", "note"}),
    ],
)
async def test_bad_fields_are_named_and_nothing_changes(api: Api, given: dict[str, Any], fields: set[str]) -> None:
    appointment = await make.appointment(api)

    answer = await change(api.receptionist, appointment, **given)

    assert bad_fields(answer) == fields
    assert (await api.receptionist.get(f"/appointments/{appointment['appointment_id']}")).json() == appointment


async def test_nothing_changes_by_an_empty_change_or_by_the_same_again(api: Api) -> None:
    appointment = await make.appointment(api, chair_id=await make.chair_id(api), note="x")

    for given in ({}, {"note": "x", "starts_at": appointment["starts_at"], "doctor_id": appointment["doctor_id"]}):
        answer = await change(api.receptionist, appointment, **given)

        assert answer.status_code == 200
        assert answer.json() == appointment
    assert await api.owner.fetchval("select count(*) from appointment_event") == 1
    assert len(await api.audited(entity="appointment")) == 1


async def test_null_clears_chair_and_note(api: Api) -> None:
    chair_id = await make.chair_id(api)
    appointment = await make.appointment(api, chair_id=chair_id, note="x")

    answer = await change(api.receptionist, appointment, chair_id=None, note=None)

    assert (answer.json()["chair_id"], answer.json()["note"]) == (None, None)
    assert (await make.appointment(api, chair_id=chair_id))["chair_id"] == chair_id


async def test_moving_frees_the_old_time_and_takes_the_new(api: Api) -> None:
    appointment = await make.appointment(api, starts_at=workday(9))
    same = {"doctor_id": appointment["doctor_id"]}

    await change(api.receptionist, appointment, starts_at=workday(10))

    await make.appointment(api, starts_at=workday(9), **same)
    other = await make.appointment(api, starts_at=workday(11), **same)
    answer = await change(api.receptionist, other, starts_at=workday(9, 45))
    assert [conflict["resource"] for conflict in problem(answer, 409, "appointment_overlap")["conflicts"]] == ["doctor"]
    # over itself is no overlap
    assert (await change(api.receptionist, other, starts_at=workday(11, 15))).status_code == 200


async def test_the_rules_are_asked_about_what_changes(api: Api) -> None:
    service_id = await make.service_id(api)
    appointment = await make.appointment(api, service_ids=[service_id], chair_id=await make.chair_id(api))
    await api.owner.execute("update employee set archived_at = now()")
    await api.owner.execute("update service_catalog set is_active = false")
    await api.owner.execute("update chair set is_active = false")

    assert (await change(api.receptionist, appointment, note="x", service_ids=[service_id] * 2)).status_code == 200
    problem(await change(api.receptionist, appointment, starts_at=workday(10)), 422, "archived")
    for given, code in (
        ({"chair_id": await make.chair_id(api, is_active=False)}, "inactive"),
        ({"chair_id": 9999}, "unknown_reference"),
        ({"service_ids": [await make.service_id(api, is_active=False)]}, "inactive"),
        ({"service_ids": [9999]}, "unknown_reference"),
        ({"doctor_id": 9999}, "unknown_reference"),
        ({"doctor_id": await make.doctor(api, is_bookable=False)}, "not_bookable"),
    ):
        problem(await change(api.receptionist, appointment, **given), 422, code)


async def test_a_move_obeys_hours_notice_and_horizon_unless_lifted(api: Api) -> None:
    appointment = await make.appointment(api)
    cases = (
        (workday(17, 45), "outside_working_hours"),
        (datetime.now(UTC) - timedelta(minutes=1), "too_short_notice"),
        (datetime.now(UTC) + timedelta(days=366), "beyond_horizon"),
    )
    for starts_at, code in cases:
        problem(await change(api.receptionist, appointment, starts_at=starts_at), 422, code)
        lifted: dict[str, Any] = {"starts_at": starts_at, "allow_outside_hours": True}
        problem(await change(api.receptionist, appointment, **lifted), 403, "forbidden")

        answer = await change(api.doctor, appointment, **lifted)

        assert answer.status_code == 200, answer.text
        assert answer.json()["is_uncovered"] is False


async def test_a_running_appointment_may_be_lengthened(api: Api) -> None:
    now = datetime.now(UTC)
    appointment = await make.appointment(api, starts_at=now - timedelta(minutes=10), allow_outside_hours=True)
    await make.working_hours(api, appointment["doctor_id"], *((day, "00:00", "24:00") for day in range(1, 8)))

    assert (await change(api.receptionist, appointment, duration_min=45)).status_code == 200


async def test_of_an_ended_one_only_the_note_changes(api: Api) -> None:
    appointment = await make.appointment(api)
    await api.receptionist.post(f"/appointments/{appointment['appointment_id']}/cancel")

    assert (await change(api.receptionist, appointment, note="x")).json()["note"] == "x"
    answer = await change(api.receptionist, appointment, starts_at=workday(10))
    assert problem(answer, 409, "invalid_transition")["allowed"] == []
    answer = await change(api.doctor, appointment, chair_id=await make.chair_id(api))
    assert problem(answer, 409, "invalid_transition")["allowed"] == ["reopen"]


async def test_if_match_guards_the_version(api: Api) -> None:
    appointment = await make.appointment(api)

    problem(await change(api.receptionist, appointment, {"If-Match": '"2-x"'}, note="x"), 412, "version_mismatch")
    assert (await change(api.receptionist, appointment, {"If-Match": '"1-x"'}, note="x")).status_code == 200
    problem(await change(api.receptionist, appointment, {"If-Match": '"1-x"'}, note="y"), 412, "version_mismatch")


async def test_unknown_ones_and_those_who_may_not(api: Api) -> None:
    appointment = await make.appointment(api)

    problem(await change(api.receptionist, {"appointment_id": 9999}, note="x"), 404, "not_found")
    for client in (api.assistant, await api.own_patient(appointment["patient_id"])):
        problem(await change(client, appointment, note="x"), 403, "forbidden")
