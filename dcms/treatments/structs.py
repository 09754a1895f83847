"""The shapes of treatments."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dcms.treatment_items.structs import Item, NewItem
from dcms.web.fields import Id, Text

MAX_ITEMS = 100

TreatmentStatus = Literal["planned", "in_progress", "completed"]


class Treatment(msgspec.Struct):
    """A treatment of a patient, as lists show it."""

    treatment_id: Id
    patient_id: Id
    doctor_id: Id
    appointment_id: int | None
    status: TreatmentStatus
    performed_on: date
    diagnosis: str | None
    # the staff's: null for patients' logins
    note: str | None
    total: Decimal
    created_by: int | None
    created_at: datetime
    updated_at: datetime
    version: int


class WholeTreatment(Treatment):
    """A treatment with its items."""

    items: list[Item]

    def __post_init__(self) -> None:
        records: list[Any] = list(self.items)
        self.items = [Item(*record) for record in records]


class NewTreatment(msgspec.Struct, forbid_unknown_fields=True):
    """A treatment to be."""

    patient_id: Id
    doctor_id: Id
    appointment_id: Annotated[Id, Meta(description="One of the patient's.")] | None = None
    status: TreatmentStatus = "planned"
    performed_on: Annotated[date, Meta(description="By default the appointment's day, else today.")] | None = None
    diagnosis: Text | None = None
    note: Text | None = None
    items: Annotated[list[NewItem], Meta(max_length=MAX_ITEMS)] = []


class TreatmentChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of a treatment: what is absent stays, null clears."""

    doctor_id: Id | UnsetType = UNSET
    appointment_id: Id | None | UnsetType = UNSET
    status: TreatmentStatus | UnsetType = UNSET
    performed_on: date | UnsetType = UNSET
    diagnosis: Text | None | UnsetType = UNSET
    note: Text | None | UnsetType = UNSET
