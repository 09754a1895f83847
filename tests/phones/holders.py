"""The two kinds that hold phone numbers, to which the same tests apply."""

from typing import Any

import msgspec
import pytest

from tests import make
from tests.api import Api


class Kind(msgspec.Struct, frozen=True):
    """One kind of holder: where its numbers are, and who may not change them."""

    name: str
    holders: str
    numbers: str
    forbidden: str

    @property
    def table(self) -> str:
        """The table, as the audit log names it."""
        return f"{self.name}_phone"

    async def holder(self, api: Api) -> int:
        """A holder without numbers."""
        if self.name == "patient":
            patient_id: int = (await make.patient(api))["patient_id"]
            return patient_id
        employee_id: int = (await api.admin.post("/employees", json={"first_name": "Ada", "last_name": "Doc"})).json()[
            "employee_id"
        ]
        return employee_id

    async def add(self, api: Api, holder_id: int, number: str, **fields: Any) -> dict[str, Any]:
        """One more number of a holder."""
        answer = await api.admin.post(f"{self.holders}/{holder_id}/phone_numbers", json={"number": number, **fields})
        assert answer.status_code == 201, answer.text
        added: dict[str, Any] = answer.json()
        return added

    async def list(self, api: Api, holder_id: int) -> list[dict[str, Any]]:
        """The numbers of a holder."""
        answer = await api.admin.get(f"{self.holders}/{holder_id}/phone_numbers")
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


PATIENT = Kind("patient", "/patients", "/phone_numbers", "assistant")
EMPLOYEE = Kind("employee", "/employees", "/employee_phone_numbers", "receptionist")

of_each_kind = pytest.mark.parametrize("kind", [PATIENT, EMPLOYEE], ids=["patient", "employee"])
