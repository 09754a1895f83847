"""Rows that only the FHIR view reads."""

from datetime import datetime
from typing import Any

import msgspec

from dcms.treatment_items.structs import ItemStatus


class ServiceName(msgspec.Struct, frozen=True):
    """What a service is called."""

    service_id: int
    code: str
    name: str


class ToothTreated(msgspec.Struct, frozen=True):
    """A tooth of an item."""

    tooth_id: int
    # null: an extra tooth that ISO 3950 doesn't number
    fdi: str | None
    name: str
    surfaces: str | None


class TreatedItem(msgspec.Struct):
    """An item of a treatment, with what FHIR wants to know of the treatment."""

    treatment_item_id: int
    patient_id: int
    doctor_id: int
    doctor_name: str
    diagnosis: str | None
    service_code: str
    service_name: str
    status: ItemStatus
    done_at: datetime | None
    note: str | None
    teeth: list[ToothTreated]
    # the treatment's: it counts the changes of its items and their teeth too
    updated_at: datetime
    version: int

    def __post_init__(self) -> None:
        records: list[Any] = list(self.teeth)
        self.teeth = [ToothTreated(*record) for record in records]
