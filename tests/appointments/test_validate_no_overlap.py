"""POST /appointments/validate_no_overlap."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests import make
from tests.api import Api, bad_fields, problem
from tests.make import jsonable, workday

PATH = "/appointments/validate_no_overlap"


async def test_what_would_be_booked_is_valid_and_nothing_is_written(api: Api) -> None:
    body = jsonable(
        {
            "patient_id": (await make.patient(api))["patient_id"],
            "doctor_id": await make.doctor(api),
            "starts_at": workday(),
            "note": "x",
        }
    )

    answer = await api.assistant.post(PATH, json=body)

    assert answer.status_code == 200
    assert answer.json() == {"valid": True, "conflicts": [], "warnings": []}
    assert await api.owner.fetchval("select count(*) from appointment") == 0


async def test_overlaps_are_conflicts(api: Api) -> None:
    await make.settings(api, timezone="Europe/Berlin", buffer_minutes=10)
    first = await make.appointment(api, starts_at=workday(9, zone="Europe/Berlin"))
    body = {name: first[name] for name in ("patient_id", "doctor_id", "starts_at", "ends_at")}
    conflict = {name: first[name] for name in ("appointment_id", "starts_at", "ends_at")}

    both = (await api.receptionist.post(PATH, json=body)).json()
    left_out = (await api.receptionist.post(PATH, json=body | {"appointment_id": first["appointment_id"]})).json()
    buffered = body | {"starts_at": first["ends_at"], "ends_at": workday(10, zone="Europe/Berlin").isoformat()}
    near = (await api.receptionist.post(PATH, json=buffered)).json()

    assert both == {
        "valid": False,
        "conflicts": [{**conflict, "resource": "doctor"}, {**conflict, "resource": "patient"}],
        "warnings": [],
    }
    assert left_out == {"valid": True, "conflicts": [], "warnings": []}
    assert near == {"valid": False, "conflicts": [{**conflict, "resource": "doctor"}], "warnings": []}


async def test_an_overbooking_is_valid_but_for_the_patient(api: Api) -> None:
    first = await make.appointment(api)
    lifted = {"allow_overlap": True, "override_reason": "pain", "starts_at": first["starts_at"]}
    other = {**lifted, "doctor_id": first["doctor_id"], "patient_id": (await make.patient(api))["patient_id"]}
    same = {**lifted, "doctor_id": await make.doctor(api), "patient_id": first["patient_id"]}

    over_doctor = (await api.doctor.post(PATH, json=other)).json()
    over_patient = (await api.doctor.post(PATH, json=same)).json()

    assert (over_doctor["valid"], [each["resource"] for each in over_doctor["conflicts"]]) == (True, ["doctor"])
    assert (over_patient["valid"], [each["resource"] for each in over_patient["conflicts"]]) == (False, ["patient"])
    problem(await api.assistant.post(PATH, json=other), 403, "forbidden")


async def test_every_rule_that_fails_is_a_warning(api: Api) -> None:
    archived = (await make.patient(api))["patient_id"]
    await api.owner.execute("update patient set archived_at = now(), status = 'archived'")
    body: dict[str, Any] = jsonable(
        {
            "patient_id": archived,
            "doctor_id": await make.doctor(api, is_bookable=False, archived_at=datetime.now(UTC)),
            "chair_id": await make.chair_id(api, is_active=False),
            "service_ids": [await make.service_id(api, is_active=False)],
            "starts_at": datetime.now(UTC) - timedelta(days=365),
            "duration_min": 720,
        }
    )

    warnings = (await api.receptionist.post(PATH, json=body)).json()["warnings"]
    lifted = (await api.doctor.post(PATH, json=body | {"allow_outside_hours": True})).json()["warnings"]
    unknown = body | {"patient_id": 9999, "doctor_id": 9999, "chair_id": 9999, "service_ids": [9999]}
    nothing = (await api.receptionist.post(PATH, json=unknown)).json()

    broken = ["archived", "archived", "not_bookable", "inactive", "inactive"]
    assert [each["code"] for each in warnings] == [*broken, "too_short_notice", "outside_working_hours"]
    assert all(each["message"] for each in warnings)
    assert [each["code"] for each in lifted] == broken
    assert [each["code"] for each in nothing["warnings"]] == ["unknown_reference"] * 4 + ["too_short_notice"]
    assert nothing["valid"] is False


async def test_a_merged_patient_can_not_be_booked(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    merged = (await make.patient(api))["patient_id"]
    await api.owner.execute(
        "update patient set merged_into = $1, status = 'merged' where patient_id = $2", patient_id, merged
    )
    body = jsonable({"patient_id": merged, "doctor_id": await make.doctor(api), "starts_at": workday()})

    answer = (await api.receptionist.post(PATH, json=body)).json()

    assert (answer["valid"], [each["code"] for each in answer["warnings"]]) == (False, ["merged"])


async def test_bad_bodies_are_400_and_an_unknown_appointment_is_422(api: Api) -> None:
    body = jsonable({"patient_id": 1, "doctor_id": 1, "starts_at": workday()})

    assert bad_fields(await api.receptionist.post(PATH, json={"appointment_id": 0})) == {
        "patient_id",
        "doctor_id",
        "starts_at",
        "appointment_id",
    }
    answer = await api.receptionist.post(PATH, json=body | {"appointment_id": 9999})
    assert problem(answer, 422, "unknown_reference")["errors"][0]["field"] == "appointment_id"
    problem(await api.patient.post(PATH, json=body), 403, "forbidden")
