"""What treatments refer to and are made of."""

from typing import Any

import msgspec

from tests import make
from tests.api import Api


class Practice(msgspec.Struct):
    """A patient, and who and what treats him."""

    patient_id: int
    doctor_id: int
    service_id: int


async def practice(api: Api, **fields: Any) -> Practice:
    """A patient, a doctor and a filling for 80.00."""
    patient_id = (await make.patient(api, **fields))["patient_id"]
    return Practice(patient_id, await make.doctor(api), await make.service_id(api, resulting_condition="filled"))


async def treatment(api: Api, given: Practice, *items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A treatment; its items are of the practice's service unless they name another."""
    body = {
        "patient_id": given.patient_id,
        "doctor_id": given.doctor_id,
        "items": [{"service_id": given.service_id, **item} for item in items],
        **fields,
    }
    answer = await api.doctor.post("/treatments", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def get(api: Api, treatment_id: int) -> dict[str, Any]:
    """A treatment as it is now."""
    answer = await api.doctor.get(f"/treatments/{treatment_id}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body
