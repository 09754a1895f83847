"""Makes what tests need, through the service where it has an endpoint for it."""

from typing import Any

from tests.api import Api


async def patient(api: Api, **fields: Any) -> dict[str, Any]:
    """A patient."""
    answer = await api.admin.post("/patients", json={"first_name": "Anna", "last_name": "Müller", **fields})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body
