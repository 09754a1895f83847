"""GET /appointments, /appointments/{appointment_id} and /patients/{patient_id}/appointments."""

from datetime import timedelta
from typing import Any

import httpx

from tests import make
from tests.api import Api, bad_fields, problem
from tests.make import workday


async def ids(client: httpx.AsyncClient, path: str = "/appointments", **query: Any) -> list[int]:
    """The ids of a list."""
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return [item["appointment_id"] for item in answer.json()["items"]]


async def test_everything_that_touches_the_time_is_listed_by_start(api: Api) -> None:
    late = await make.appointment(api, starts_at=workday(10))
    early = await make.appointment(api, starts_at=workday(9))
    long = await make.appointment(api, starts_at=workday(7), duration_min=720, allow_outside_hours=True)
    by_start = [each["appointment_id"] for each in (long, early, late)]

    assert await ids(api.assistant) == by_start
    assert (
        await ids(api.assistant, **{"from": workday(9, 30).isoformat(), "to": workday(10).isoformat()}) == by_start[:1]
    )
    assert await ids(api.assistant, **{"from": workday(9, 29).isoformat()}) == by_start
    assert await ids(api.assistant, **{"from": workday(18, 59).isoformat()}) == by_start[:1]
    assert await ids(api.assistant, **{"from": workday(19).isoformat()}) == []
    assert await ids(api.assistant, to=(workday(10) + timedelta(seconds=1)).isoformat()) == by_start
    item = (await api.assistant.get("/appointments")).json()["items"][1]
    assert item == early


async def test_filters_may_be_combined_and_repeated(api: Api) -> None:
    chair_id = await make.chair_id(api)
    first = await make.appointment(api, chair_id=chair_id)
    second = await make.appointment(api)
    third = await make.appointment(api)
    await api.receptionist.post(f"/appointments/{second['appointment_id']}/cancel")
    one, two, three = (each["appointment_id"] for each in (first, second, third))

    assert await ids(api.assistant, doctor_id=[first["doctor_id"], second["doctor_id"]]) == [one, two]
    assert await ids(api.assistant, status=["booked", "came"]) == [one, three]
    assert await ids(api.assistant, status="cancelled", doctor_id=second["doctor_id"]) == [two]
    assert await ids(api.assistant, chair_id=chair_id) == [one]
    assert await ids(api.assistant, patient_id=third["patient_id"]) == [three]
    assert await ids(api.assistant, patient_id=9999) == []


async def test_pages_hold_each_once(api: Api) -> None:
    doctors = [await make.doctor(api) for _ in range(5)]
    made = [(await make.appointment(api, doctor_id=doctor_id))["appointment_id"] for doctor_id in doctors]

    seen: list[int] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await api.assistant.get("/appointments", params=query)).json()
        seen += [item["appointment_id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert seen == made


async def test_bad_parameters_are_named(api: Api) -> None:
    answer = await api.assistant.get(
        "/appointments?from=2026-01-01&to=x&doctor_id=0&status=gone&patient_id=99999999999999999999"
    )

    assert bad_fields(answer) == {"from", "to", "doctor_id", "status", "patient_id"}


async def test_a_patients_appointments_are_listed_under_him(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    second = await make.appointment(api, patient_id=patient_id, starts_at=workday(10))
    first = await make.appointment(api, patient_id=patient_id)
    await make.appointment(api)
    path = f"/patients/{patient_id}/appointments"
    by_start = [first["appointment_id"], second["appointment_id"]]

    assert await ids(api.assistant, path) == by_start
    assert await ids(api.assistant, path, limit=1) == by_start[:1]
    assert await ids(api.assistant, path, **{"from": workday(9, 30).isoformat()}) == by_start[1:]
    assert await ids(api.assistant, path, doctor_id=first["doctor_id"]) == by_start[:1]
    assert await ids(api.assistant, path, status="cancelled") == []
    assert await ids(api.assistant, f"/patients/{(await make.patient(api))['patient_id']}/appointments") == []
    problem(await api.assistant.get("/patients/9999/appointments"), 404, "not_found")
    assert (await api.audited(action="read", patient_id=patient_id))[0]["actor_id"] == api.user_ids["assistant"]


async def test_a_patients_login_sees_his_own_only_without_the_note(api: Api) -> None:
    own = await make.appointment(api, note="difficult")
    other = await make.appointment(api)
    client = await api.own_patient(own["patient_id"])
    shown = {**own, "note": None}

    assert (await client.get("/appointments")).json()["items"] == [shown]
    assert (await client.get("/appointments", params={"patient_id": own["patient_id"]})).json()["items"] == [shown]
    assert (await client.get(f"/appointments/{own['appointment_id']}")).json() == shown
    assert (await client.get(f"/patients/{own['patient_id']}/appointments")).json()["items"] == [shown]
    for path in (
        f"/appointments/{other['appointment_id']}",
        "/appointments/9999",
        f"/appointments?patient_id={other['patient_id']}",
        f"/patients/{other['patient_id']}/appointments",
        "/patients/9999/appointments",
    ):
        problem(await client.get(path), 403, "forbidden")
    assert (await client.get("/appointments", params={"doctor_id": other["doctor_id"]})).json()["items"] == []


async def test_what_the_doctor_no_longer_covers_is_marked(api: Api) -> None:
    covered = await make.appointment(api)
    uncovered = await make.appointment(api, starts_at=workday(day=1))
    outside = await make.appointment(api, starts_at=workday(20, day=1), allow_outside_hours=True)
    cancelled = await make.appointment(api, starts_at=workday(12, day=1))
    await api.receptionist.post(f"/appointments/{cancelled['appointment_id']}/cancel")
    await api.owner.execute("insert into closure (starts_on, ends_on) values ($1, $1)", workday(day=1).date())

    items = (await api.assistant.get("/appointments")).json()["items"]

    marked = {item["appointment_id"]: item["is_uncovered"] for item in items}
    assert marked == {
        covered["appointment_id"]: False,
        uncovered["appointment_id"]: True,
        outside["appointment_id"]: False,
        cancelled["appointment_id"]: False,
    }


async def test_an_unknown_one_is_404(api: Api) -> None:
    problem(await api.assistant.get("/appointments/9999"), 404, "not_found")
