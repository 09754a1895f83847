"""Patients with one of everything, and what the tables hold of them."""

from typing import Any

import msgspec

from tests import make
from tests.api import Api

TABLES = {
    "patient": 0,
    "patient_phone": 1,
    "appointment": 1,
    "treatment_item_tooth": 1,
    "treatment_item": 1,
    "treatment": 1,
    "payment": 1,
    "invoice": 1,
    "sms": 1,
    "call": 1,
}
NOTHING = dict.fromkeys(TABLES, 0)


async def with_everything(api: Api, number: str, hour: int, **fields: Any) -> int:
    """A patient with one of everything; his id."""
    patient_id, hold = await make.holder(api, number, **fields)
    doctor_id = await make.doctor(api)
    appointment = await make.appointment(api, patient_id=patient_id, doctor_id=doctor_id, starts_at=make.workday(hour))
    answer = await api.doctor.post(
        "/treatments",
        json={
            "patient_id": patient_id,
            "doctor_id": doctor_id,
            "appointment_id": appointment["appointment_id"],
            "items": [{"service_id": await make.service_id(api), "teeth": [{"tooth_id": 36}]}],
        },
    )
    assert answer.status_code == 201, answer.text
    invoice = await make.invoice(api, patient_id, "100.00")
    await make.payment(api, patient_id, "50.00", (invoice["invoice_id"], "40.00"))
    await make.sms(api, hold)
    answer = await api.receptionist.post("/calls", json={"phone_number_id": hold, "direction": "in"})
    assert answer.status_code == 201, answer.text
    return patient_id


async def merge(api: Api, target_id: int, source_id: int, **fields: Any) -> dict[str, Any]:
    """Merge two patients."""
    answer = await api.manager.post(f"/patients/{target_id}/merge", json={"source_patient_id": source_id, **fields})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def unmerge(api: Api, target_id: int, source_id: int) -> dict[str, Any]:
    """Undo a merge."""
    answer = await api.manager.post(f"/patients/{target_id}/unmerge", json={"source_patient_id": source_id})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


Rows = dict[int, dict[str, Any]]


async def contents(api: Api) -> dict[str, Rows]:
    """The rows of every table that refers to patients by their ids, without what counts the writes to them."""
    found = {}
    for table in TABLES:
        key = "phone_number_id" if table == "patient_phone" else f"{table}_id"
        rows = await api.owner.fetch(
            f"select {key}, to_jsonb(listed) - array['version', 'updated_at'] from \"{table}\" as listed"
        )
        found[table] = {row[0]: msgspec.json.decode(row[1]) for row in rows}
    return found


def but(rows: Rows, **fields: Any) -> Rows:
    """The rows with some fields set."""
    return {key: {**row, **fields} for key, row in rows.items()}
