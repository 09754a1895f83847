"""POST /sms/render."""

import pytest

from tests import make
from tests.api import Api, bad_fields, problem


async def test_a_preview_has_values_units_and_what_is_missing(api: Api) -> None:
    patient = await make.patient(api, first_name="Zoë", last_name="{{clinic.name}}")
    await api.owner.execute("update clinic set name = 'Smile', phone = null")

    answer = await api.doctor.post(
        "/sms/render",
        json={
            "text": "{{patient.first_name}} {{ patient.last_name }}, {{clinic.name}} {{clinic.phone}} "
            "{{day}} {{ x.y }}",
            "patient_id": patient["patient_id"],
            "context": {"day": 3},
        },
    )

    assert answer.status_code == 200
    assert answer.json() == {
        "text": "Zoë {{clinic.name}}, Smile {{clinic.phone}} 3 {{ x.y }}",
        "encoding": "UCS-2",
        "segments": 1,
        "length": 55,
        "missing": ["clinic.phone", "x.y"],
    }


async def test_an_appointment_brings_its_patient_and_local_time(api: Api) -> None:
    patient = await make.patient(api)
    await api.owner.execute("update clinic_settings set timezone = 'Europe/Berlin'")
    appointment_id = await api.owner.fetchval(
        """
        with doctor as (
            insert into employee (title, first_name, last_name) values ('Dr.', 'Otto', 'Haas') returning employee_id
        )
        insert into appointment (patient_id, doctor_id, starts_at, ends_at)
        select $1, employee_id, '2026-12-01T08:00Z', '2026-12-01T09:00Z' from doctor
        returning appointment_id
        """,
        patient["patient_id"],
    )
    text = "{{patient.first_name}}: {{appointment.date}} {{appointment.time}} {{appointment.doctor}}"

    answer = await api.doctor.post("/sms/render", json={"text": text, "appointment_id": appointment_id})
    other = await make.patient(api)
    mixed = await api.doctor.post(
        "/sms/render", json={"text": text, "appointment_id": appointment_id, "patient_id": other["patient_id"]}
    )

    assert answer.json()["text"] == "Anna: 2026-12-01 09:00 Dr. Otto Haas"
    assert problem(mixed, 422, "unknown_reference")["errors"][0]["field"] == "appointment_id"


async def test_the_context_goes_before_the_record(api: Api) -> None:
    template_id = await make.template(api, text="{{patient.first_name}} {{clinic.name}}")
    patient = await make.patient(api)

    answer = await api.doctor.post(
        "/sms/render",
        json={"template_id": template_id, "patient_id": patient["patient_id"], "context": {"clinic.name": "here"}},
    )

    assert answer.json()["text"] == "Anna here"


@pytest.mark.parametrize("field", ["patient_id", "appointment_id", "template_id"])
async def test_what_the_body_names_must_exist(api: Api, field: str) -> None:
    body = {"text": "x"} if field != "template_id" else {}

    answer = await api.doctor.post("/sms/render", json={**body, field: 999})

    assert problem(answer, 422, "unknown_reference")["errors"][0]["field"] == field


async def test_an_inactive_template_can_be_previewed(api: Api) -> None:
    template_id = await make.template(api, text="x", is_active=False)

    answer = await api.doctor.post("/sms/render", json={"template_id": template_id})

    assert answer.json() == {"text": "x", "encoding": "GSM-7", "segments": 1, "length": 1, "missing": []}


async def test_bad_input_is_named(api: Api) -> None:
    async def post(body: object) -> set[str]:
        return bad_fields(await api.doctor.post("/sms/render", json=body))

    assert await post({}) == {"text"}
    assert await post({"text": "x", "template_id": 1}) == {"template_id"}
    assert await post({"text": "{{a", "patient_id": 0, "who": 1}) == {"text", "patient_id", "who"}
    assert await post({"text": "x", "context": {"a b": "x"}}) == {"context.a b"}
    values: list[object] = [None, True, [], {"b": "c"}, "x" * 1601]
    for value in values:
        assert await post({"text": "x", "context": {"a": value}}) != set()
    problem(await api.patient.post("/sms/render", json={"text": "x"}), 403, "forbidden")
