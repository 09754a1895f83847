"""POST /calls."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import make
from tests.api import Api, bad_fields, problem

NUMBER = "+491712345678"


async def employee(api: Api, number: str | None = None) -> int:
    employee_id: int = await api.owner.fetchval(
        "insert into employee (first_name, last_name) values ('Otto', 'Haas') returning employee_id"
    )
    if number is not None:
        await api.owner.execute(
            """
            insert into phone_number (e164, national, type) values ($1, $1, 'mobile') on conflict do nothing
            """,
            number,
        )
        await api.owner.execute("insert into employee_phone (employee_id, e164) values ($1, $2)", employee_id, number)
    return employee_id


async def add(api: Api, **fields: Any) -> dict[str, Any]:
    answer = await api.receptionist.post("/calls", json={"direction": "in", **fields})
    assert answer.status_code == 201, answer.text
    call: dict[str, Any] = answer.json()
    return call


async def test_patient_kind_and_duration_are_filled_in(api: Api) -> None:
    patient_id, hold = await make.holder(api)

    answer = await api.receptionist.post(
        "/calls",
        json={
            "number": "0171 234 5678",
            "direction": "in",
            "started_at": "2026-11-22T09:00:00+01:00",
            "answered_at": "2026-11-22T09:00:10+01:00",
            "ended_at": "2026-11-22T09:02:10+01:00",
            "note": "wants to come later",
        },
    )

    call = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/calls/{call['call_id']}"
    assert call == {
        "call_id": call["call_id"],
        "e164": NUMBER,
        "phone_number_id": hold,
        "patient_id": patient_id,
        "candidates": [],
        "employee_id": None,
        "direction": "in",
        "contact_type": "patient",
        "status": "completed",
        "started_at": "2026-11-22T08:00:00Z",
        "answered_at": "2026-11-22T08:00:10Z",
        "ended_at": "2026-11-22T08:02:10Z",
        "duration_s": 120,
        "note": "wants to come later",
        "provider": None,
        "provider_call_id": None,
        "recorded_by": api.user_ids["receptionist"],
        "created_at": call["created_at"],
        "updated_at": call["updated_at"],
        "version": 1,
    }
    assert (await api.doctor.get(f"/calls/{call['call_id']}")).json() == call
    assert [row["patient_id"] for row in await api.audited(entity="call", action="create")] == [patient_id]


async def test_of_a_family_the_hold_says_who_it_was_and_a_number_does_not(api: Api) -> None:
    first, _ = await make.holder(api)
    second, hold = await make.holder(api)

    named = await add(api, phone_number_id=hold)
    shared = await add(api, number=NUMBER)

    assert (named["patient_id"], named["candidates"], named["phone_number_id"]) == (second, [], hold)
    assert (shared["patient_id"], shared["candidates"], shared["phone_number_id"]) == (None, [first, second], None)
    assert shared["contact_type"] == "patient"


async def test_strangers_are_prospects_and_employees_are_known(api: Api) -> None:
    employee_id = await employee(api, "+4930222333")

    stranger = await add(api, number="+4930999888")
    staff = await add(api, number="+4930222333")

    assert (stranger["contact_type"], stranger["employee_id"], stranger["candidates"]) == ("prospect", None, [])
    assert (staff["contact_type"], staff["employee_id"]) == ("employee", employee_id)


async def test_a_patient_goes_before_an_employee_of_the_same_number(api: Api) -> None:
    patient_id, _ = await make.holder(api)
    await employee(api, NUMBER)

    call = await add(api, number=NUMBER)

    assert (call["contact_type"], call["patient_id"], call["employee_id"]) == ("patient", patient_id, None)


async def test_what_is_sent_goes_before_what_is_filled_in(api: Api) -> None:
    patient_id, _ = await make.holder(api)
    employee_id = await employee(api)

    call = await add(api, number=NUMBER, contact_type="supplier", employee_id=employee_id, status="voicemail")

    assert (call["contact_type"], call["employee_id"], call["patient_id"]) == ("supplier", employee_id, patient_id)
    assert call["status"] == "voicemail"


@pytest.mark.parametrize(
    "fields, status, duration_s",
    [
        ({}, "completed", None),
        ({"answered_at": "2026-11-22T09:00:05Z"}, "in_progress", None),
        ({"ended_at": "2026-11-22T09:00:30Z"}, "completed", 30),
        ({"ended_at": "2026-11-22T09:00:30Z", "answered_at": "2026-11-22T09:00:05Z"}, "completed", 25),
        ({"ended_at": "2026-11-22T09:00:30Z", "status": "missed"}, "missed", 0),
        ({"status": "ringing"}, "ringing", None),
    ],
)
async def test_status_and_duration(api: Api, fields: Any, status: str, duration_s: int | None) -> None:
    call = await add(api, number=NUMBER, started_at="2026-11-22T09:00:00Z", **fields)

    assert (call["status"], call["duration_s"]) == (status, duration_s)


async def test_a_call_starts_now_or_when_it_was_answered(api: Api) -> None:
    now = await add(api, number=NUMBER)
    answered = await add(api, number=NUMBER, answered_at="2026-11-22T09:00:05Z", ended_at="2026-11-22T09:00:06Z")

    assert abs(datetime.fromisoformat(now["started_at"]) - datetime.now(UTC)) < timedelta(seconds=10)
    assert answered["started_at"] == "2026-11-22T09:00:05Z"


@pytest.mark.parametrize(
    "body, fields",
    [
        ({}, {"direction"}),
        ({"direction": "in"}, {"number"}),
        ({"direction": "in", "number": NUMBER, "phone_number_id": 1}, {"phone_number_id"}),
        (
            {"direction": "up", "number": "12", "status": "x", "contact_type": "x"},
            {"direction", "number", "status", "contact_type"},
        ),
        ({"direction": "in", "number": NUMBER, "patient_id": 1, "duration_s": 1}, {"patient_id", "duration_s"}),
        ({"direction": "in", "number": NUMBER, "started_at": "2026-11-22T09:00:00"}, {"started_at"}),
        (
            {
                "direction": "in",
                "number": NUMBER,
                "started_at": "2026-11-22T09:00:00Z",
                "ended_at": "2026-11-22T08:00:00Z",
            },
            {"ended_at"},
        ),
        (
            {
                "direction": "in",
                "number": NUMBER,
                "answered_at": "2100-11-22T09:00:00Z",
                "ended_at": "2026-11-22T08:00:00Z",
            },
            {"ended_at"},
        ),
    ],
)
async def test_every_bad_field_is_named_and_nothing_is_stored(api: Api, body: Any, fields: set[str]) -> None:
    assert bad_fields(await api.receptionist.post("/calls", json=body)) == fields
    assert await api.owner.fetchval("select count(*) from call") == 0


async def test_what_the_body_names_must_exist(api: Api) -> None:
    for field, fields in [("phone_number_id", {}), ("employee_id", {"number": NUMBER})]:
        answer = await api.receptionist.post("/calls", json={"direction": "in", field: 999, **fields})
        assert problem(answer, 422, "unknown_reference")["errors"][0]["field"] == field
    assert await api.owner.fetchval("select count(*) from call") == 0


async def test_permissions(api: Api) -> None:
    for client in (api.doctor, api.assistant, api.patient):
        problem(await client.post("/calls", json={"direction": "in", "number": NUMBER}), 403, "forbidden")
    problem(await api.anonymous.post("/calls", json={}), 401, "unauthenticated")
