"""Schedules and slots: what can be booked, as /availability has it."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests import make
from tests.api import Api
from tests.fhir.answers import ROOT, found, ids, link, outcome, resource

MONDAY = make.workday().date()


async def free(api: Api, doctor_id: int, query: str) -> list[tuple[str, str]]:
    """The starts and ends that the API offers."""
    answer = await api.admin.get(f"/availability?doctor_id={doctor_id}&limit=2000&{query}")
    assert answer.status_code == 200, answer.text
    return [(each["starts_at"], each["ends_at"]) for each in answer.json()["slots"]]


async def slots(api: Api, query: str) -> list[dict[str, Any]]:
    """The slots of all pages of a search."""
    everything, url = [], f"{ROOT}/Slot?{query}"
    while url:
        answer = await api.admin.get(url)
        everything += found(answer)
        url = link(answer, "next") or ""
    return everything


async def test_a_doctor_has_a_schedule_with_his_id(api: Api) -> None:
    doctor_id = await make.doctor(api)
    assistant = (await make.employee(api, first_name="Ada", last_name="Byron"))["employee_id"]

    body = resource(await api.admin.get(f"{ROOT}/Schedule/{doctor_id}"))

    assert {name: body[name] for name in body if name != "meta"} == {
        "resourceType": "Schedule",
        "id": str(doctor_id),
        "active": True,
        "actor": [{"reference": f"Practitioner/{doctor_id}", "display": "Dr. Eva Braun"}],
    }
    assert ids(await api.admin.get(f"{ROOT}/Schedule")) == [str(doctor_id)]
    assert ids(await api.admin.get(f"{ROOT}/Schedule?actor=Practitioner/{doctor_id}")) == [str(doctor_id)]
    assert ids(await api.admin.get(f"{ROOT}/Schedule?actor={assistant}")) == []
    assert ids(await api.admin.get(f"{ROOT}/Schedule?_id={doctor_id}&actor={assistant}")) == []
    outcome(await api.admin.get(f"{ROOT}/Schedule/{assistant}"), 404, "not_found", "not-found")


@pytest.mark.parametrize("count", [3, 7, 200])
async def test_slots_are_what_the_api_offers_on_every_page(api: Api, count: int) -> None:
    await make.settings(api, timezone="Europe/Berlin")
    doctor_id = await make.doctor(api)
    nine = datetime.combine(MONDAY, datetime.min.time(), ZoneInfo("Europe/Berlin")) + timedelta(hours=9)
    await make.appointment(api, doctor_id=doctor_id, starts_at=nine)
    after = MONDAY + timedelta(days=2)

    seen = await slots(api, f"schedule=Schedule/{doctor_id}&start=ge{MONDAY}&start=lt{after}&_count={count}")

    expected = await free(api, doctor_id, f"from={MONDAY}&to={MONDAY + timedelta(days=1)}")
    assert [(each["start"], each["end"]) for each in seen] == expected
    assert len(expected) > 20
    assert {each["status"] for each in seen} == {"free"}
    assert {each["schedule"]["reference"] for each in seen} == {f"Schedule/{doctor_id}"}
    assert len({each["id"] for each in seen}) == len(seen)


async def test_slots_begin_within_the_times_asked_for(api: Api) -> None:
    doctor_id = await make.doctor(api)
    query = f"schedule={doctor_id}&start=ge{MONDAY}T10:00Z&start=lt{MONDAY}T11:00Z"

    seen = await slots(api, query)

    assert [each["start"][11:16] for each in seen] == ["10:00", "10:15", "10:30", "10:45"]
    assert await slots(api, f"{query}&status=busy") == []
    assert await slots(api, f"{query}&status=busy,free") == seen
    assert await slots(api, f"schedule={doctor_id}&start=lt2020") == []
    assert await slots(api, f"schedule=999999&start={MONDAY}") == []


async def test_a_slot_is_read_until_it_is_booked(api: Api) -> None:
    doctor_id = await make.doctor(api)
    [first, *_] = await slots(api, f"schedule={doctor_id}&start={MONDAY}")
    path = f"{ROOT}/Slot/{first['id']}"
    answer = await api.admin.get(path)
    body = resource(answer)
    patient = await make.patient(api)
    booking = {"patient_id": patient["patient_id"], "doctor_id": doctor_id, "starts_at": body["start"]}
    assert (await api.doctor.post("/appointments", json=booking | {"ends_at": body["end"]})).status_code == 201

    gone = await api.admin.get(path)

    assert body == first
    assert "etag" not in answer.headers
    outcome(gone, 404, "not_found", "not-found")


async def test_by_default_slots_are_of_62_days_from_now_on(api: Api) -> None:
    doctor_id = await make.doctor(api)
    today = datetime.now(ZoneInfo("UTC")).date()

    answer = await api.admin.get(f"{ROOT}/Slot?schedule={doctor_id}&_count=1")
    long = await api.admin.get(f"{ROOT}/Slot?schedule={doctor_id}&start=lt{today + timedelta(days=90)}")

    assert date.fromisoformat(found(answer)[0]["start"][:10]) >= today
    assert link(answer, "next") is not None
    assert outcome(long, 400, "invalid_request", "invalid") == ["start: must lie within 62 days"]


@pytest.mark.parametrize("query", ["", "schedule=1,2", "schedule=Practitioner/1", "schedule=x"])
async def test_slots_are_of_one_schedule(api: Api, query: str) -> None:
    texts = outcome(await api.admin.get(f"{ROOT}/Slot?{query}"), 400, "invalid_request", "invalid")

    assert texts[0].startswith("schedule: ")
