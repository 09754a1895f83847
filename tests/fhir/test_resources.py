"""Reading and searching: every answer is valid FHIR, and says what the API says."""

from typing import Any
from urllib.parse import quote

import httpx

from dcms import __version__
from dcms.fhir.capability import SEARCHES
from dcms.web.openapi import openapi_document
from tests import make
from tests.api import Api
from tests.contract.routes import APPLICATION, ROUTES
from tests.fhir.answers import BASE, ROOT, found, ids, link, resource, validate


async def get(api: Api, path: str) -> httpx.Response:
    """Ask as the admin."""
    return await api.admin.get(f"{ROOT}/{path}")


async def treated(api: Api, patient_id: int, doctor_id: int, **item: Any) -> dict[str, Any]:
    """A treatment with one item."""
    service = {"service_id": (await make.service(api))["service_id"]}
    answer = await api.doctor.post(
        "/treatments",
        json={"patient_id": patient_id, "doctor_id": doctor_id, "diagnosis": "Caries", "items": [service | item]},
    )
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_the_view_says_what_it_can_do_to_anybody(api: Api) -> None:
    answer = await api.anonymous.get(f"{ROOT}/metadata")
    statement = resource(answer)
    resources = {each["type"]: each for each in statement["rest"][0]["resource"]}

    assert statement["fhirVersion"] == "4.0.1"
    assert statement["implementation"]["url"] == BASE
    assert statement["software"]["version"] == __version__
    # what it says and what is routed is the same
    for name, each in resources.items():
        routed = ROUTES[f"GET /fhir/{name}"].query.keys() - {"_count", "_cursor", "_format"}
        assert {parameter["name"] for parameter in each["searchParam"]} == routed
        assert any(route.startswith(f"GET /fhir/{name}/{{") for route in ROUTES)
    assert (
        resources.keys()
        == SEARCHES.keys()
        == {name.split("/")[2] for name in ROUTES if "/fhir/" in name} - {"metadata"}
    )


def test_every_example_of_the_document_is_valid() -> None:
    count = 0
    for path, item in openapi_document(APPLICATION)["paths"].items():
        if path.startswith("/fhir"):
            for answer in item["get"]["responses"].values():
                validate(answer["content"]["application/fhir+json"]["example"])
                count += 1

    assert count > 13 * 3


async def test_a_patient_is_a_patient(api: Api) -> None:
    patient_id, _ = await make.holder(
        api,
        first_name="Zoë",
        middle_name="Maria",
        birth_date="1990-05-17",
        gender="female",
        email="zoe@example.org",
        address="Hauptstraße 1\n10115 Berlin",
        note="for staff",
        alerts=["allergy: penicillin"],
    )
    record = (await api.admin.get(f"/patients/{patient_id}")).json()

    answer = await get(api, f"Patient/{patient_id}")
    body = resource(answer)

    assert body == {
        "resourceType": "Patient",
        "id": str(patient_id),
        "meta": {"versionId": str(record["version"]), "lastUpdated": record["updated_at"]},
        "identifier": [{"use": "usual", "system": f"{BASE}/register-number", "value": record["register_number"]}],
        "active": True,
        "name": [{"use": "official", "text": "Zoë Maria Müller", "family": "Müller", "given": ["Zoë", "Maria"]}],
        "telecom": [{"system": "phone", "value": "+491712345678"}, {"system": "email", "value": "zoe@example.org"}],
        "gender": "female",
        "birthDate": "1990-05-17",
        "address": [{"text": "Hauptstraße 1\n10115 Berlin"}],
    }
    assert answer.headers["etag"] == f'W/"{record["version"]}"'
    assert answer.headers["last-modified"].endswith(" GMT")
    assert answer.headers["cache-control"] == "no-store"


async def test_a_merged_patient_names_who_took_his_place(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    merged = await api.admin.post(f"/patients/{target}/merge", json={"source_patient_id": source})
    assert merged.status_code == 200, merged.text

    body = resource(await get(api, f"Patient/{source}"))

    assert body["active"] is False
    assert body["link"] == [{"other": {"reference": f"Patient/{target}"}, "type": "replaced-by"}]


async def test_patients_are_found(api: Api) -> None:
    anna = await make.patient(api, first_name="Anna", last_name="Müller", birth_date="1990-05-17")
    bert = await make.patient(api, first_name="Bert", last_name="Schmidt", birth_date="1980-01-01")
    a, b = str(anna["patient_id"]), str(bert["patient_id"])
    number = anna["register_number"]
    system = quote(f"{BASE}/register-number", safe="")

    assert ids(await get(api, "Patient")) == [b, a]
    for query, expected in {
        f"_id={a}": [a],
        f"_id={a},{b}": [b, a],
        "_id=abc": [],
        "name=muell": [a],
        "name=anna%20müller": [a],
        "name=anna&birthdate=1990-05-17": [a],
        "name=anna&birthdate=1990-05-18": [],
        f"name=mull&_id={a}": [a],
        f"name=ller&_id={a}": [],
        f"identifier={number.lower()}": [a],
        f"identifier={system}%7C{number}": [a],
        f"identifier=%7C{number}": [a],
        f"identifier=https://elsewhere.example%7C{number}": [],
        f"identifier={number}&name=bert": [],
        "birthdate=1990": [a],
        "birthdate=lt1990-05-17": [b],
        "birthdate=ge1980-01-01&birthdate=lt1990-05-18": [b, a],
    }.items():
        assert ids(await get(api, f"Patient?{query}")) == expected, query


async def test_an_employee_is_a_practitioner(api: Api) -> None:
    doctor_id = await make.doctor(api, email="eva@clinic.example")
    retired = (await make.employee(api, first_name="Ada", last_name="Byron"))["employee_id"]
    assert (await api.admin.post(f"/employees/{retired}/archive")).status_code == 200

    body = resource(await get(api, f"Practitioner/{doctor_id}"))

    assert {name: body[name] for name in body if name != "meta"} == {
        "resourceType": "Practitioner",
        "id": str(doctor_id),
        "active": True,
        "name": [{"use": "official", "text": "Dr. Eva Braun", "family": "Braun", "given": ["Eva"], "prefix": ["Dr."]}],
        "telecom": [{"system": "email", "value": "eva@clinic.example"}],
    }
    assert [each["active"] for each in found(await get(api, "Practitioner"))] == [True, False]
    assert ids(await get(api, "Practitioner?name=byron")) == [str(retired)]
    assert ids(await get(api, f"Practitioner?_id={doctor_id}")) == [str(doctor_id)]


async def test_an_appointment_is_an_appointment(api: Api) -> None:
    service = await make.service(api)
    booked = await make.appointment(api, service_ids=[service["service_id"]], note="for staff")

    body = resource(await get(api, f"Appointment/{booked['appointment_id']}"))

    assert {name: body[name] for name in body if name != "meta"} == {
        "resourceType": "Appointment",
        "id": str(booked["appointment_id"]),
        "status": "booked",
        "serviceType": [
            {"coding": [{"system": f"{BASE}/service", "code": "D2391", "display": "Filling"}], "text": "Filling"}
        ],
        "start": booked["starts_at"],
        "end": booked["ends_at"],
        "minutesDuration": 30,
        "created": booked["created_at"],
        "comment": "for staff",
        "participant": [
            {
                "actor": {"reference": f"Patient/{booked['patient_id']}", "display": "Anna Müller"},
                "required": "required",
                "status": "needs-action",
            },
            {
                "actor": {"reference": f"Practitioner/{booked['doctor_id']}", "display": "Dr. Eva Braun"},
                "required": "required",
                "status": "accepted",
            },
        ],
    }


async def test_an_appointments_steps_are_fhirs_statuses(api: Api) -> None:
    seen = []
    for hour, actions in enumerate([["confirm", "check_in", "finish"], ["cancel"], ["no_show"]], 9):
        booked = await make.appointment(api, starts_at=make.workday(hour))
        path = f"/appointments/{booked['appointment_id']}"
        for action in actions:
            body = {"reason": "flu", "by": "patient"} if action == "cancel" else None
            assert (await api.admin.post(f"{path}/{action}", json=body)).status_code == 200
            shown = resource(await get(api, f"Appointment/{booked['appointment_id']}"))
            reason = shown.get("cancelationReason", {}).get("text")
            seen.append((action, shown["status"], [each["status"] for each in shown["participant"]], reason))

    assert seen == [
        ("confirm", "booked", ["accepted", "accepted"], None),
        ("check_in", "arrived", ["accepted", "accepted"], None),
        ("finish", "fulfilled", ["accepted", "accepted"], None),
        ("cancel", "cancelled", ["declined", "accepted"], "flu"),
        ("no_show", "noshow", ["declined", "accepted"], None),
    ]


async def test_appointments_are_found(api: Api) -> None:
    first = await make.appointment(api, starts_at=make.workday(9))
    second = await make.appointment(api, starts_at=make.workday(11))
    assert (await api.admin.post(f"/appointments/{second['appointment_id']}/confirm")).status_code == 200
    a, b = str(first["appointment_id"]), str(second["appointment_id"])
    day, at = make.workday().date(), make.workday(11).strftime("%Y-%m-%dT%H:%M:%SZ")

    for query, expected in {
        "": [a, b],
        f"_id={b}": [b],
        f"patient={first['patient_id']}": [a],
        f"patient=Patient/{first['patient_id']},Patient/{second['patient_id']}": [a, b],
        f"patient={BASE}/Patient/{first['patient_id']}": [a],
        f"practitioner=Practitioner/{second['doctor_id']}": [b],
        f"actor=Practitioner/{second['doctor_id']}": [b],
        f"actor=Patient/{first['patient_id']}": [a],
        f"actor=Patient/{first['patient_id']}&practitioner={second['doctor_id']}": [],
        f"actor=Patient/{first['patient_id']}&patient={second['patient_id']}": [],
        "patient=999999": [],
        f"date={day}": [a, b],
        f"date=lt{day}": [],
        f"date={at}": [b],
        f"date=ge{day}&date=lt{at}": [a],
        "status=booked": [a, b],
        "status=arrived,fulfilled": [],
        "status=waitlist": [],
    }.items():
        assert ids(await get(api, f"Appointment?{query}")) == expected, query


async def test_an_item_of_a_treatment_is_a_procedure(api: Api) -> None:
    patient_id, doctor_id = (await make.patient(api))["patient_id"], await make.doctor(api)
    teeth = [{"tooth_id": 36, "surfaces": "MO"}, {"tooth_id": 37}]
    treatment = await treated(api, patient_id, doctor_id, teeth=teeth, status="done", note="for staff")
    planned = await api.doctor.post(
        f"/treatments/{treatment['treatment_id']}/items", json={"service_id": treatment["items"][0]["service_id"]}
    )
    a, b = str(treatment["items"][0]["treatment_item_id"]), str(planned.json()["treatment_item_id"])

    body = resource(await get(api, f"Procedure/{a}"))
    done_on = treatment["items"][0]["done_at"][:10]

    assert {name: body[name] for name in body if name != "meta"} == {
        "resourceType": "Procedure",
        "id": a,
        "status": "completed",
        "code": {
            "coding": [{"system": f"{BASE}/service", "code": "D2391", "display": "Filling"}],
            "text": "Filling",
        },
        "subject": {"reference": f"Patient/{patient_id}"},
        "performedDateTime": treatment["items"][0]["done_at"],
        "performer": [{"actor": {"reference": f"Practitioner/{doctor_id}", "display": "Dr. Eva Braun"}}],
        "reasonCode": [{"text": "Caries"}],
        "bodySite": [
            {
                "coding": [{"system": "urn:iso:std:iso:3950", "code": "36", "display": "Lower left first molar"}],
                "text": "Lower left first molar, surfaces MO",
            },
            {
                "coding": [{"system": "urn:iso:std:iso:3950", "code": "37", "display": "Lower left second molar"}],
                "text": "Lower left second molar",
            },
        ],
        "note": [{"text": "for staff"}],
    }
    for query, expected in {
        "": [a, b],
        f"patient=Patient/{patient_id}": [a, b],
        f"performer=Practitioner/{doctor_id}": [a, b],
        "performer=999999": [],
        "status=completed": [a],
        "status=preparation": [b],
        "status=on-hold": [],
        f"date={done_on}": [a],
        f"date=gt{done_on}": [],
        f"_id={b}": [b],
    }.items():
        assert ids(await get(api, f"Procedure?{query}")) == expected, query


async def test_a_tooth_beyond_iso_3950_has_no_code(api: Api) -> None:
    extra = {"tooth_id": 901, "name": "Mesiodens", "dentition": "permanent", "arch": "upper", "side": "right"}
    added = await api.admin.post("/teeth/definitions", json=extra | {"position": 1, "surfaces": "MDBLI"})
    assert added.status_code == 201, added.text
    treatment = await treated(
        api, (await make.patient(api))["patient_id"], await make.doctor(api), teeth=[{"tooth_id": 901}]
    )

    body = resource(await get(api, f"Procedure/{treatment['items'][0]['treatment_item_id']}"))

    assert body["bodySite"] == [{"text": "Mesiodens"}]


async def test_what_was_deleted_is_gone(api: Api) -> None:
    treatment = await treated(api, (await make.patient(api))["patient_id"], await make.doctor(api))
    item = treatment["items"][0]["treatment_item_id"]
    assert (await api.doctor.delete(f"/treatments/{treatment['treatment_id']}")).status_code == 204

    assert (await get(api, f"Procedure/{item}")).status_code == 404
    assert ids(await get(api, "Procedure")) == []


async def test_a_change_of_a_tooth_is_a_new_version_of_the_procedure(api: Api) -> None:
    treatment = await treated(
        api, (await make.patient(api))["patient_id"], await make.doctor(api), teeth=[{"tooth_id": 36}]
    )
    item = treatment["items"][0]
    before = await get(api, f"Procedure/{item['treatment_item_id']}")

    tooth = item["teeth"][0]["treatment_item_tooth_id"]
    assert (await api.doctor.patch(f"/treatment_item_teeth/{tooth}", json={"surfaces": "M"})).status_code == 200
    after = await get(api, f"Procedure/{item['treatment_item_id']}")

    assert int(after.json()["meta"]["versionId"]) == int(before.json()["meta"]["versionId"]) + 1
    assert after.headers["etag"] != before.headers["etag"]


async def test_pages_follow_one_another_by_their_links(api: Api) -> None:
    added = [str((await make.patient(api, birth_date="1990-05-17"))["patient_id"]) for _ in range(5)]
    seen, url = [], f"{ROOT}/Patient?_count=2&birthdate=ge1900&_format=json"
    totals = []
    while url:
        answer = await api.admin.get(url)
        seen.append(ids(answer))
        totals.append(answer.json().get("total"))
        assert link(answer, "self") == url
        url = link(answer, "next") or ""

    assert seen == [added[:2:-1], added[2:0:-1], added[:1]]
    assert totals == [None, None, None]
    assert (await get(api, "Patient?_count=5")).json()["total"] == 5
    assert len(ids(await get(api, "Patient?_count=100000"))) == 5
