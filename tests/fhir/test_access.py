"""Who may read what, what is written down, and how errors are told."""

from typing import Any

import httpx
import pytest

from dcms.fhir.procedures import KNOWN_STATUSES
from dcms.fhir.repository import FhirRepository
from tests import make
from tests.api import Api
from tests.contract.world import World, build
from tests.fhir.answers import ROOT, ids, outcome, resource

STAFF = ("admin", "manager", "doctor", "assistant", "receptionist")


@pytest.fixture
async def world(api: Api) -> World:
    """A record of each kind for the patient's login, and one for somebody else."""
    return await build(api)


def paths(world: World, owner: str) -> dict[str, str]:
    """The reads of somebody's records."""
    of = {"own": world.own, "other": world.other, "nobody": dict.fromkeys(world.own, 999_999)}[owner]
    return {
        "Patient": f"{ROOT}/Patient/{of['patient_id']}",
        "Appointment": f"{ROOT}/Appointment/{of['appointment_id']}",
        "Procedure": f"{ROOT}/Procedure/{of['treatment_item_id']}",
    }


def of_clinic(world: World) -> dict[str, str]:
    """The reads and the search of what belongs to the clinic."""
    doctor_id = world.shared["doctor_id"]
    return {
        "Practitioner": f"{ROOT}/Practitioner/{doctor_id}",
        "Practitioners": f"{ROOT}/Practitioner",
        "Schedule": f"{ROOT}/Schedule/{doctor_id}",
        "Schedules": f"{ROOT}/Schedule",
        "Slots": f"{ROOT}/Slot?schedule={doctor_id}&_count=1",
    }


async def statuses(client: httpx.AsyncClient, urls: dict[str, str]) -> dict[str, int]:
    """What somebody is answered; every answer is valid."""
    answers = {name: await client.get(url) for name, url in urls.items()}
    for answer in answers.values():
        resource(answer, answer.status_code)
    return {name: answer.status_code for name, answer in answers.items()}


async def test_staff_read_everything_and_nobody_reads_without_a_login(api: Api, world: World) -> None:
    everything = paths(world, "other") | of_clinic(world)

    for role in STAFF:
        assert set((await statuses(getattr(api, role), everything)).values()) == {200}, role
    assert set((await statuses(api.anonymous, everything)).values()) == {401}
    assert set((await statuses(api.admin, paths(world, "nobody"))).values()) == {404}


async def test_a_patients_login_reads_its_own_record_only(api: Api, world: World) -> None:
    own = await statuses(world.clients["patient"], paths(world, "own"))
    others = [await statuses(world.clients["patient"], paths(world, owner)) for owner in ("other", "nobody")]
    clinic = await statuses(world.clients["patient"], of_clinic(world))

    assert set(own.values()) == {200}
    assert [set(each.values()) for each in others] == [{403}, {403}]
    assert clinic == {"Practitioner": 403, "Practitioners": 403, "Schedule": 403, "Schedules": 403, "Slots": 200}


async def test_a_patients_login_finds_its_own_rows_without_the_staffs_notes(api: Api, world: World) -> None:
    own = {kind: url.rpartition("/")[2] for kind, url in paths(world, "own").items()}
    other = world.other["patient_id"]

    for kind, number in own.items():
        answer = await world.clients["patient"].get(f"{ROOT}/{kind}")
        assert ids(answer) == [number]
        assert "for staff" not in answer.text
        assert "for staff" not in (await world.clients["patient"].get(f"{ROOT}/{kind}/{number}")).text
    assert "for staff" in (await api.admin.get(f"{ROOT}/Appointment")).text
    assert ids(await world.clients["patient"].get(f"{ROOT}/Patient?name=anna")) == [own["Patient"]]
    assert ids(await world.clients["patient"].get(f"{ROOT}/Patient?name=bert")) == []
    for url in (
        f"Patient?_id={other}",
        f"Appointment?patient={other}",
        f"Appointment?actor=Patient/{other}",
        f"Procedure?patient=Patient/{own['Patient']},Patient/{other}",
    ):
        outcome(await world.clients["patient"].get(f"{ROOT}/{url}"), 403, "forbidden", "forbidden")


async def test_without_a_linked_record_a_patients_login_finds_nothing(api: Api, world: World) -> None:
    await api.owner.execute("update patient set user_id = null")
    await api.services.watch.read()

    for kind in ("Patient", "Appointment", "Procedure"):
        assert ids(await api.patient.get(f"{ROOT}/{kind}")) == []


async def test_readings_of_records_and_denials_are_written_down(api: Api, world: World) -> None:
    own, other = world.own["patient_id"], world.other["patient_id"]

    await api.doctor.get(f"{ROOT}/Patient/{own}")
    await api.doctor.get(f"{ROOT}/Patient")
    await api.doctor.get(f"{ROOT}/Appointment?patient={other}")
    await api.doctor.get(f"{ROOT}/Procedure?patient=Patient/{own}")
    await world.clients["patient"].get(f"{ROOT}/Patient/{other}")
    await world.clients["patient"].get(f"{ROOT}/Schedule")
    readings = await api.audited(action="read", actor_id=api.user_ids["doctor"])
    denials = await api.audited(action="denied", actor_id=api.user_ids["patient"])

    assert [(each["entity"], each["entity_id"], each["patient_id"], each["patient_ids"]) for each in readings] == [
        ("patient", None, None, [own]),
        ("patient", None, None, [other]),
        ("patient", None, None, [other, own]),
        ("patient", own, own, None),
    ]
    assert readings[-1]["after"] == {"route": "GET /fhir/Patient/{patient_id}"}
    assert [(each["entity"], each["entity_id"], each["patient_id"]) for each in denials] == [
        ("employee", None, None),
        ("patient", other, other),
    ]


async def test_errors_are_outcomes_with_the_statuses_of_the_api(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome(await api.admin.get(f"{ROOT}/nowhere"), 404, "not_found", "not-found")
    outcome(await api.admin.get(f"{ROOT}/Patient/abc"), 404, "not_found", "not-found")
    outcome(await api.admin.get(f"{ROOT}/Patient/01"), 404, "not_found", "not-found")
    outcome(await api.admin.get(f"{ROOT}/Slot/abc"), 404, "not_found", "not-found")
    outcome(await api.admin.get(ROOT), 404, "not_found", "not-found")
    posted = await api.admin.post(f"{ROOT}/Patient", json={})
    outcome(posted, 405, "method_not_allowed", "not-supported")
    assert posted.headers["allow"] == "GET, HEAD, OPTIONS"
    refused = await api.anonymous.get(f"{ROOT}/Patient")
    outcome(refused, 401, "unauthenticated", "login")
    assert refused.headers["www-authenticate"] == "Bearer"
    for url, texts in {
        "Patient?gender=male&_count=0": ["gender: is unknown", "_count: expected `int` >= 1"],
        "Patient?name:exact=x": ["name:exact: is unknown"],
        "Patient?_cursor=x": ["_cursor: is no page of this search"],
        "Patient?_format=xml": ["_format: invalid enum value 'xml'"],
        "Patient?name=anna&birthdate=ge1990": ["birthdate: must be one day beside name"],
        "Patient?birthdate=1990-02-30": ["birthdate: must be a date that exists"],
        "Appointment?date=ap2026": [
            "date: must be a date or a time, after one of eq, ge, gt, sa, le, lt, eb",
        ],
        "Appointment?patient=Practitioner/1": ["patient: is no reference to a Patient"],
        "Appointment?actor=Patient/1,Practitioner/1": ["actor: must name patients or practitioners, not both"],
        "Procedure?status=done": [
            f"status: must be of {', '.join(sorted(KNOWN_STATUSES))}",
        ],
    }.items():
        told = outcome(await api.admin.get(f"{ROOT}/{url}"), 400, "invalid_request", "invalid")
        assert sorted(told) == sorted(texts), url

    async def fail(self: FhirRepository, patient_id: int) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(FhirRepository, "patient", fail)
    broken = await api.admin.get(f"{ROOT}/Patient/1")
    assert outcome(broken, 500, "internal_error", "exception") == ["Something went wrong here"]


async def test_the_api_beside_it_still_tells_problems(api: Api) -> None:
    for path in ("/api/v1/patients/999999", "/fhirs", "/fhi", "/api/v1/fhir/Patient"):
        answer = await api.admin.get(f"http://testserver{path}")
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_page_takes_two_statements_however_long_it_is(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    services = [await make.service_id(api) for _ in range(5)]
    for hour, service_id in zip(range(9, 14), services, strict=True):
        await make.appointment(api, starts_at=make.workday(hour), service_ids=[service_id])
    counted = 0
    records = api.services.database.records

    async def count(*statement: Any) -> Any:
        nonlocal counted
        counted += 1
        return await records(*statement)

    monkeypatch.setattr(api.services.database, "records", count)

    assert len(ids(await api.admin.get(f"{ROOT}/Appointment"))) == 5
    assert counted == 2
    assert len(ids(await api.admin.get(f"{ROOT}/Appointment?_count=1"))) == 1
    assert counted == 4
