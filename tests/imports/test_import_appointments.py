"""dcms import appointments."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import make
from tests.api import Api
from tests.imports.files import ANNA, APPOINTMENTS, VISIT, Importing
from tests.make import workday


@pytest.fixture
async def doctor_id(api: Api, importing: Importing) -> int:
    """A doctor, with two patients of the old system."""
    await importing("patient", [ANNA, {**ANNA, "No": "2", "Given name": "Otto", "Register": "O-2"}])
    return await make.doctor(api, email="eva@example.org")


async def test_a_row_becomes_an_appointment_with_its_history(api: Api, importing: Importing, doctor_id: int) -> None:
    await make.settings(api, timezone="Europe/Berlin", buffer_minutes=15)
    chair_id = await make.chair_id(api, name="Room 1")
    services = [await make.service_id(api, code="A1"), await make.service_id(api, code="B2")]
    anna, _ = await importing.patients()
    row = {**VISIT, "Room": "room 1", "Services": "a1+B2", "State": "Done", "Remark": "two fillings"}
    counts, report = await importing("appointment", [row])
    (found,) = await importing.appointments()
    history = (await api.admin.get(f"/appointments/{found['appointment_id']}/history")).json()["items"]

    assert (counts.added, report) == (1, [])
    wanted: dict[str, Any] = {
        "patient_id": anna["patient_id"],
        "doctor_id": doctor_id,
        "chair_id": chair_id,
        "service_ids": services,
        "starts_at": "2020-03-02T09:00:00+01:00",
        "ends_at": "2020-03-02T09:30:00+01:00",
        "status": "finished",
        "note": "two fillings",
        "checked_in_at": "2020-03-02T09:00:00+01:00",
        "finished_at": "2020-03-02T09:30:00+01:00",
        "cancelled_at": None,
        "is_overbooked": False,
        "is_uncovered": False,
        "created_by": api.user_ids["admin"],
    }
    assert {name: found[name] for name in wanted} == wanted
    assert [(step["action"], step["from_status"], step["to_status"], step["note"]) for step in history] == [
        ("book", None, "booked", "Imported from old"),
        ("check_in", "booked", "came", "Imported from old"),
        ("finish", "came", "finished", "Imported from old"),
    ]
    assert (await importing.patients())[0]["last_seen_at"] == "2020-03-02T09:00:00+01:00"


@pytest.mark.parametrize(
    "status,times,steps",
    [
        ("", [], ["book"]),
        ("confirmed", ["confirmed_at"], ["book", "confirm"]),
        ("came", ["checked_in_at"], ["book", "check_in"]),
        ("finished", ["checked_in_at", "finished_at"], ["book", "check_in", "finish"]),
        ("cancelled", ["cancelled_at"], ["book", "cancel"]),
        ("no_show", [], ["book", "no_show"]),
    ],
)
async def test_every_status_has_the_times_and_steps_that_lead_to_it(
    api: Api, importing: Importing, doctor_id: int, status: str, times: list[str], steps: list[str]
) -> None:
    await importing("appointment", [{**VISIT, "State": status}])
    (found,) = await importing.appointments()
    history = await api.owner.fetch("select action, from_status, to_status from appointment_event order by event_id")
    known = {tuple(row) for row in await api.owner.fetch("select action, from_status, to_status from appointment_step")}

    assert found["status"] == (status or "booked")
    assert [name for name in ("confirmed_at", "checked_in_at", "finished_at", "cancelled_at") if found[name]] == times
    assert [step["action"] for step in history] == steps
    assert {tuple(step) for step in history[1:]} <= known
    assert history[-1]["to_status"] == found["status"]


async def test_who_cancelled_and_why(importing: Importing, doctor_id: int) -> None:
    cancelled = {**VISIT, "State": "cancelled"}
    rows = [cancelled, {**cancelled, "No": "2", "Side": "patient", "Reason": "ill"}]
    counts, _ = await importing("appointment", rows)
    found = await importing.appointments()

    assert counts.added == 2
    assert [(each["cancelled_by"], each["cancel_reason"]) for each in found] == [("clinic", None), ("patient", "ill")]


@pytest.mark.parametrize(
    "cells,code,field",
    [
        ({"Patient": "9"}, "unknown_reference", "patient_source_id"),
        ({"Patient": ""}, "invalid_request", "patient_source_id"),
        ({"Doctor": "Nobody"}, "unknown_reference", "doctor"),
        ({"Doctor": ""}, "invalid_request", "doctor"),
        ({"Doctor": "Old Name"}, "archived", "doctor"),
        ({"Doctor": "Front Desk"}, "not_bookable", "doctor"),
        ({"Doctor": "Max Twin"}, "unknown_reference", "doctor"),
        ({"Room": "Room 9"}, "unknown_reference", "chair"),
        ({"Room": "Cellar"}, "inactive", "chair"),
        ({"Services": "Z9"}, "unknown_reference", "services"),
        ({"Services": "GONE"}, "inactive", "services"),
        ({"Date": "2020-03-02"}, "invalid_request", "starts_at"),
        ({"Minutes": "half an hour"}, "invalid_request", "duration_min"),
        ({"Minutes": "4"}, "invalid_request", "duration_min"),
        ({"To": "10:00"}, "invalid_request", "duration_min"),
        ({"To": "08:00", "Minutes": ""}, "invalid_request", "ends_at"),
        ({"State": "gone"}, "invalid_request", "status"),
        ({"Reason": "ill"}, "invalid_request", "cancel_reason"),
        ({"Double": "true"}, "invalid_request", "override_reason"),
        ({"Double": "maybe"}, "invalid_request", "allow_overlap"),
    ],
)
async def test_a_row_that_breaks_a_rule_is_refused_and_its_neighbours_go_in(
    api: Api, importing: Importing, doctor_id: int, cells: dict[str, str], code: str, field: str
) -> None:
    await make.doctor(api, first_name="Old", last_name="Name", archived_at=datetime.now(UTC))
    await make.doctor(api, first_name="Front", last_name="Desk", is_bookable=False)
    await make.doctor(api, first_name="Max", last_name="Twin")
    await make.doctor(api, first_name="Max", last_name="Twin")
    await make.chair_id(api, name="Cellar", is_active=False)
    await make.service_id(api, code="GONE", is_active=False)
    rows = [VISIT, {**VISIT, "No": "2", "From": "10:00", **cells}, {**VISIT, "No": "3", "From": "11:00"}]
    counts, report = await importing("appointment", rows)

    assert (counts.added, counts.refused) == (2, 1), report
    assert [(line["row"], line["code"], line["field"]) for line in report] == [("3", code, field)]
    assert len(await importing.appointments()) == 2


@pytest.mark.parametrize("batch", [1, 2, 200])
async def test_of_two_that_overlap_the_first_one_goes_in(importing: Importing, doctor_id: int, batch: int) -> None:
    rows = [
        VISIT,
        {**VISIT, "No": "2", "Patient": "2", "From": "09:15"},
        {**VISIT, "No": "3", "Patient": "2", "From": "09:30"},
        {**VISIT, "No": "4", "Patient": "2", "From": "09:15", "State": "cancelled"},
    ]
    counts, report = await importing("appointment", rows, batch=batch)
    first, *_ = await importing.appointments()

    assert (counts.added, counts.refused) == (3, 1)
    assert [(line["row"], line["code"]) for line in report] == [("3", "appointment_overlap")]
    assert f"doctor of appointment {first['appointment_id']} at 2020-03-02T09:00" in report[0]["message"]


async def test_a_double_booking_of_the_old_system_is_taken_when_it_says_so(
    importing: Importing, doctor_id: int
) -> None:
    rows = [VISIT, {**VISIT, "No": "2", "Patient": "2", "From": "09:15", "Double": "true", "Why": "pain"}]
    counts, _ = await importing("appointment", rows)

    assert counts.added == 2
    assert [each["is_overbooked"] for each in await importing.appointments()] == [False, True]


async def test_a_doctor_has_a_name_a_title_and_an_email(importing: Importing, doctor_id: int) -> None:
    names = ["Eva Braun", "dr. eva braun", "Braun, Eva", "EVA@example.org"]
    rows = [{**VISIT, "No": name, "From": f"1{hour}:00", "Doctor": name} for hour, name in enumerate(names)]
    counts, _ = await importing("appointment", rows)

    assert counts.added == 4
    assert {each["doctor_id"] for each in await importing.appointments()} == {doctor_id}


async def test_patients_may_be_named_by_register_number(importing: Importing, doctor_id: int) -> None:
    mapping = APPOINTMENTS.replace("patient_source_id", "patient_register_number")
    rows = [{**VISIT, "Patient": "o-2"}, {**VISIT, "No": "2", "Patient": "none"}]
    counts, report = await importing("appointment", rows, mapping)
    (found,) = await importing.appointments()

    assert counts.added == 1
    assert found["patient"]["name"] == "Otto Müller"
    assert [(line["code"], line["field"]) for line in report] == [("unknown_reference", "patient_register_number")]


async def test_an_appointment_of_a_merged_patient_is_the_survivors(
    api: Api, importing: Importing, doctor_id: int
) -> None:
    anna, otto = (patient["patient_id"] for patient in await importing.patients())
    merged = await api.admin.post(f"/patients/{otto}/merge", json={"source_patient_id": anna})
    counts, _ = await importing("appointment", [VISIT])

    assert merged.status_code == 200, merged.text
    assert counts.added == 1
    assert [each["patient_id"] for each in await importing.appointments()] == [otto]


async def test_only_what_is_to_come_asks_for_reminders(api: Api, importing: Importing, doctor_id: int) -> None:
    far = datetime.now(UTC) + timedelta(days=2000)
    rows = [
        {**VISIT, "State": "finished"},
        {**VISIT, "No": "2", "From": "10:00"},
        {**VISIT, "No": "3", "Date": f"{far:%d.%m.%Y}"},
        {**VISIT, "No": "4", "Date": f"{far:%d.%m.%Y}", "From": "12:00", "State": "cancelled"},
    ]
    counts, _ = await importing("appointment", rows)
    jobs = await api.owner.fetchval("select count(*) from outbox where kind = 'appointment.reminders'")

    assert counts.added == 4
    assert jobs == 1


async def test_what_is_to_come_outside_of_hours_shows_as_uncovered(
    api: Api, importing: Importing, doctor_id: int
) -> None:
    day = workday()
    rows = [
        {**VISIT, "Date": f"{day:%d.%m.%Y}"},
        {**VISIT, "No": "2", "Date": f"{day:%d.%m.%Y}", "From": "03:00"},
        {**VISIT, "No": "3", "From": "03:00"},
    ]
    await importing("appointment", rows)

    assert [each["is_uncovered"] for each in await importing.appointments()] == [False, True, False]


async def test_local_times_are_the_clinics_or_those_of_the_mapping(
    api: Api, importing: Importing, doctor_id: int
) -> None:
    await make.settings(api, timezone="Europe/Berlin")
    # an hour that is there twice, and one that is not there
    rows = [
        {**VISIT, "Date": "25.10.2020", "From": "02:30"},
        {**VISIT, "No": "2", "Date": "28.03.2021", "From": "02:30"},
    ]
    await importing("appointment", rows)
    await importing("appointment", [{**VISIT, "No": "3"}], 'zone = "America/New_York"' + APPOINTMENTS)
    found = [datetime.fromisoformat(each["starts_at"]) for each in await importing.appointments()]

    assert [moment.astimezone(UTC).isoformat() for moment in found] == [
        "2020-03-02T14:00:00+00:00",
        "2020-10-25T00:30:00+00:00",
        "2021-03-28T01:30:00+00:00",
    ]


async def test_times_are_iso_8601_when_the_mapping_says_nothing(importing: Importing, doctor_id: int) -> None:
    mapping = APPOINTMENTS.replace('time_formats = ["%d.%m.%Y %H:%M"]', "").replace('["Date", "From"]', '"From"')
    times = ["2020-03-02T09:00", "2020-03-02 10:00:00+02:00", "20200302T110000Z", "2020-03-02", "noon"]
    rows = [{**VISIT, "No": str(number), "From": text} for number, text in enumerate(times)]
    counts, report = await importing("appointment", rows, mapping)

    assert counts.added == 3
    assert [line["message"] for line in report] == ["has no time of day", "is not a date and time of ISO 8601"]


async def test_a_second_run_and_a_dry_run_add_nothing(importing: Importing, doctor_id: int) -> None:
    rehearsed, _ = await importing("appointment", [VISIT, {**VISIT, "No": "2"}], is_dry_run=True)
    empty = await importing.appointments()
    first, _ = await importing("appointment", [VISIT, {**VISIT, "No": "2"}])
    second, _ = await importing("appointment", [VISIT, {**VISIT, "No": "2"}])

    assert (rehearsed.added, rehearsed.refused, empty) == (1, 1, [])
    assert (first.added, first.refused) == (1, 1)
    assert (second.added, second.known, second.refused) == (0, 1, 1)


async def test_an_import_with_the_clinics_own_bookings_between(api: Api, importing: Importing, doctor_id: int) -> None:
    patient = await make.patient(api)
    booked = await make.appointment(api, doctor_id=doctor_id, patient_id=patient["patient_id"], starts_at=workday(9))
    row = {**VISIT, "Date": f"{workday():%d.%m.%Y}", "From": "09:15"}
    _, report = await importing("appointment", [row])

    assert [line["code"] for line in report] == ["appointment_overlap"]
    assert str(booked["appointment_id"]) in report[0]["message"]


async def test_bookings_and_an_import_of_the_same_hours_get_along(
    api: Api, importing: Importing, doctor_id: int
) -> None:
    patient = await make.patient(api)
    day = workday()
    times = [day + timedelta(minutes=15 * number) for number in range(32)]
    rows = [
        {**VISIT, "No": str(number), "Patient": str(1 + number % 2), "Date": f"{at:%d.%m.%Y}", "From": f"{at:%H:%M}"}
        for number, at in enumerate(times)
    ]
    bodies = [
        {"patient_id": patient["patient_id"], "doctor_id": doctor_id, "duration_min": 15, "starts_at": at.isoformat()}
        for at in reversed(times)
    ]

    async def book(share: list[dict[str, Any]]) -> list[int]:
        return [(await api.admin.post("/appointments", json=body)).status_code for body in share]

    running = asyncio.create_task(importing("appointment", rows, batch=8))
    booked = [code for codes in await asyncio.gather(*(book(bodies[start::4]) for start in range(4))) for code in codes]
    counts, report = await running

    assert counts.rows == len(rows)
    assert {line["code"] for line in report} <= {"appointment_overlap"}
    assert set(booked) <= {201, 409}
    assert await api.owner.fetchval("select count(*) from appointment") == counts.added + booked.count(201)
