"""The shapes of patients."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dcms.phones.structs import NewPhoneNumber
from dcms.web.fields import Email, Id, Name, PastDay, Text

Gender = Literal["female", "male", "other", "unknown"]
PatientStatus = Literal["active", "archived", "merged"]
RegisterNumber = Annotated[
    str, Meta(min_length=1, max_length=50, description="Unique, in any case.", examples=["P000123"])
]
Alerts = Annotated[list[Name], Meta(max_length=50, examples=[["allergy: penicillin"]])]


class Patient(msgspec.Struct):
    """A patient's record."""

    patient_id: Id
    register_number: str
    user_id: int | None
    first_name: str
    last_name: str
    middle_name: str | None
    birth_date: date | None
    gender: Gender
    email: str | None
    address: str | None
    note: str | None
    alerts: list[str]
    # E.164
    primary_phone: str | None
    status: PatientStatus
    merged_into: int | None
    archived_at: datetime | None
    last_seen_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class NewPatient(msgspec.Struct, forbid_unknown_fields=True):
    """A patient to be."""

    first_name: Name
    last_name: Name
    middle_name: Name | None = None
    birth_date: PastDay | None = None
    gender: Gender = "unknown"
    email: Email | None = None
    address: Text | None = None
    note: Text | None = None
    alerts: Alerts = []
    register_number: RegisterNumber | None = None
    phone_numbers: Annotated[list[NewPhoneNumber], Meta(max_length=20)] = []


class PatientChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of a patient: what is absent stays, null clears."""

    first_name: Name | UnsetType = UNSET
    last_name: Name | UnsetType = UNSET
    middle_name: Name | None | UnsetType = UNSET
    birth_date: PastDay | None | UnsetType = UNSET
    gender: Gender | UnsetType = UNSET
    email: Email | None | UnsetType = UNSET
    address: Text | None | UnsetType = UNSET
    note: Text | None | UnsetType = UNSET
    alerts: Alerts | UnsetType = UNSET
    register_number: RegisterNumber | UnsetType = UNSET
