"""Makes what tests need, through the service where it has an endpoint for it."""

from typing import Any

from tests.api import Api


async def patient(api: Api, **fields: Any) -> dict[str, Any]:
    """A patient."""
    answer = await api.admin.post("/patients", json={"first_name": "Anna", "last_name": "Müller", **fields})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def holder(api: Api, number: str = "+491712345678", **fields: Any) -> tuple[int, int]:
    """A patient who holds a number: his id, and his hold's."""
    added = await patient(api, phone_numbers=[{"number": number}], **fields)
    hold = await api.owner.fetchval(
        "select phone_number_id from patient_phone where patient_id = $1", added["patient_id"]
    )
    return added["patient_id"], hold


async def sms(api: Api, phone_number_id: int, **fields: Any) -> dict[str, Any]:
    """A message to a number."""
    body = fields or {"text": "Hello"}
    answer = await api.receptionist.post(f"/phone_numbers/{phone_number_id}/sms", json=body)
    assert answer.status_code == 201, answer.text
    message: dict[str, Any] = answer.json()
    return message


async def template(api: Api, name: str = "recall", text: str = "Dear {{patient.first_name}}", **fields: Any) -> int:
    """A template."""
    answer = await api.receptionist.post("/sms/templates", json={"name": name, "text": text, **fields})
    assert answer.status_code == 201, answer.text
    template_id: int = answer.json()["template_id"]
    return template_id


async def _made(api: Api, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await api.admin.post(path, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def position(api: Api, name: str = "Dentist", **fields: Any) -> dict[str, Any]:
    """A position."""
    return await _made(api, "/positions", {"name": name, **fields})


async def chair(api: Api, name: str = "Chair 1") -> dict[str, Any]:
    """A chair."""
    return await _made(api, "/chairs", {"name": name})


async def service(api: Api, code: str = "D2391", **fields: Any) -> dict[str, Any]:
    """A service."""
    body = {"code": code, "name": "Filling", "service_type": "restorative", "duration_min": 30, "price": "80.00"}
    return await _made(api, "/services", body | fields)
