"""The shapes of patients."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from litestar.params import QueryParameter
from msgspec import UNSET, Meta, UnsetType

from dcms.phones.structs import NewPhoneNumber
from dcms.web.fields import Email, Id, Name, PastDay, Text

Gender = Literal["female", "male", "other", "unknown"]
PatientStatus = Literal["active", "archived", "merged"]
NOT_MERGED: Sequence[PatientStatus] = ("active", "archived")
DuplicateReason = Literal["phone", "email", "birth_date_and_name"]
RegisterNumber = Annotated[
    str, Meta(min_length=1, max_length=50, description="Unique, in any case.", examples=["P000123"])
]
SearchText = Annotated[
    Annotated[str, Meta(max_length=300, examples=["mueller anna", "0171 234-56 78"])] | None,
    QueryParameter(name="query", description="Parts of names, a register number, an email, digits of a phone number."),
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


class PatientFilter(msgspec.Struct, frozen=True):
    """Which patients are wanted."""

    query: str | None = None
    status: Sequence[PatientStatus] = NOT_MERGED
    born: date | None = None
    doctor_id: int | None = None


class PatientHit(Patient):
    """A patient whom a search found."""

    score: int


class PatientMatch(Patient):
    """A patient who is likely somebody else as well."""

    score: float
    reasons: list[DuplicateReason]


class Duplicate(msgspec.Struct):
    """Somebody who is likely the same person."""

    patient: Patient
    score: Annotated[float, Meta(ge=0, le=1, description="How likely.", examples=[0.8])]
    reasons: list[DuplicateReason]


class AddedPatient(Patient):
    """A new patient, and who is likely the same person."""

    possible_duplicates: list[Duplicate]


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
