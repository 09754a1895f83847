"""GET /patients/{patient_id}/timeline."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests import make
from tests.api import Api, bad_fields, problem


async def timeline(client: httpx.AsyncClient, patient_id: int, **query: Any) -> list[dict[str, Any]]:
    """Every entry, through pages of two."""
    entries: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        parameters = {**query, "limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = await client.get(f"/patients/{patient_id}/timeline", params=parameters)
        assert answer.status_code == 200, answer.text
        entries += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
        if cursor is None:
            return entries


async def everything(api: Api) -> dict[str, Any]:
    """A patient with one of each kind, and another one with the same."""
    patient: dict[str, Any] = {}
    for number in ("+491712345678", "+491712345679"):
        patient_id, phone_number_id = await make.holder(api, number)
        doctor_id = await make.doctor(api)
        appointment = await make.appointment(api, patient_id=patient_id, doctor_id=doctor_id)
        await make.sms(api, phone_number_id)
        answer = await api.admin.post("/calls", json={"number": number, "direction": "in"})
        assert answer.status_code == 201, answer.text
        treatment = await api.admin.post(
            "/treatments",
            json={
                "patient_id": patient_id,
                "doctor_id": doctor_id,
                "performed_on": "2026-01-15",
                "diagnosis": "caries",
            },
        )
        assert treatment.status_code == 201, treatment.text
        invoice = await make.invoice(api, patient_id, "120.00")
        await make.draft(api, patient_id, "80.00")
        await make.payment(api, patient_id, "100.00")
        if not patient:
            patient = {
                "patient_id": patient_id,
                "appointment": appointment,
                "treatment": treatment.json(),
                "invoice": invoice,
            }
    return patient


async def test_every_kind_is_there_newest_first(api: Api) -> None:
    made = await everything(api)

    entries = await timeline(api.admin, made["patient_id"])

    assert sorted(entry["kind"] for entry in entries) == [
        "appointment", "call", "invoice", "invoice", "message", "payment", "treatment"
    ]  # fmt: skip
    times = [datetime.fromisoformat(entry["at"]) for entry in entries]
    assert times == sorted(times, reverse=True)
    by_kind = {entry["kind"]: entry for entry in entries if entry["title"] != "Invoice draft"}
    assert by_kind["treatment"]["detail"] == "caries"
    assert by_kind["treatment"]["at"].startswith("2026-01-15T12:00:00")
    assert by_kind["appointment"]["id"] == made["appointment"]["appointment_id"]
    assert by_kind["invoice"]["title"] == f"Invoice {made['invoice']['number']}"
    assert by_kind["invoice"]["detail"] == "120.00 EUR, issued"
    assert by_kind["payment"]["detail"] == "100.00 EUR"


async def test_kinds_and_times_are_filters(api: Api) -> None:
    made = await everything(api)
    hour_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()

    paid = await timeline(api.admin, made["patient_id"], kind=["payment", "call"])
    old = await timeline(api.admin, made["patient_id"], to="2026-01-16T00:00:00Z")
    new = await timeline(api.admin, made["patient_id"], **{"from": hour_ago})

    assert sorted(entry["kind"] for entry in paid) == ["call", "payment"]
    assert [entry["kind"] for entry in old] == ["treatment"]
    assert "treatment" not in [entry["kind"] for entry in new]


async def test_what_the_caller_may_not_read_is_left_out(api: Api) -> None:
    made = await everything(api)
    own = await api.own_patient(made["patient_id"])

    assistant = {entry["kind"] for entry in await timeline(api.assistant, made["patient_id"])}
    patient = await timeline(own, made["patient_id"])

    assert assistant == {"appointment", "treatment", "message", "call"}
    assert sorted(entry["kind"] for entry in patient) == ["appointment", "invoice", "payment", "treatment"]
    assert "Invoice draft" not in [entry["title"] for entry in patient]


async def test_a_draft_is_hidden_from_a_patient_when_it_is_voided_too(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    draft = await make.draft(api, patient_id, "80.00")
    assert (await api.admin.post(f"/invoices/{draft['invoice_id']}/void")).status_code == 200
    path = f"/patients/{patient_id}/timeline"

    assert [entry["kind"] for entry in (await api.admin.get(path)).json()["items"]] == ["invoice"]
    assert (await (await api.own_patient(patient_id)).get(path)).json()["items"] == []


async def test_another_patients_timeline_is_forbidden_to_a_patient(api: Api) -> None:
    own = await make.patient(api)
    other = await make.patient(api)
    client = await api.own_patient(own["patient_id"])

    problem(await client.get(f"/patients/{other['patient_id']}/timeline"), 403, "forbidden")
    assert await timeline(client, own["patient_id"]) == []


async def test_bad_requests_and_unknown_patients(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]

    problem(await api.admin.get("/patients/999/timeline"), 404, "not_found")
    bad = await api.admin.get(f"/patients/{patient_id}/timeline?kind=gossip&from=2026-01-01T00:00:00&limit=0")
    upside_down = await api.admin.get(
        f"/patients/{patient_id}/timeline", params={"from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
    )

    assert bad_fields(bad) == {"kind", "from", "limit"}
    assert bad_fields(upside_down) == {"to"}


async def test_reading_it_is_written_into_the_audit_log(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]

    await api.doctor.get(f"/patients/{patient_id}/timeline")

    assert [entry["patient_id"] for entry in await api.audited(action="read")] == [patient_id]
