"""The shapes of phone numbers."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dcms.phones.numbers import MAX_LENGTH, Region, Spelling
from dcms.web.fields import Id, Name

E164 = Annotated[str, Meta(examples=["+491712345678"])]
NumberType = Annotated[str, Meta(description="libphonenumber's, in lower snake case.", examples=["mobile"])]


class PhoneNumber(msgspec.Struct):
    """One patient's hold on a number; the number and its opt-out may be other patients' as well."""

    phone_number_id: Id
    patient_id: int
    e164: E164
    national: str
    region: str | None
    type: NumberType
    label: str | None
    is_primary: bool
    sms_opt_out: Annotated[bool, Meta(description="No text messages to this number, whoever holds it.")]
    shared_with: Annotated[list[int], Meta(description="Other patients who hold the number, 100 at most.")]
    created_at: datetime
    version: int


class EmployeePhoneNumber(msgspec.Struct):
    """One employee's hold on a number."""

    phone_number_id: Id
    employee_id: int
    e164: E164
    national: str
    region: str | None
    type: NumberType
    label: str | None
    is_primary: bool
    created_at: datetime
    version: int


class NewPhoneNumber(msgspec.Struct, forbid_unknown_fields=True):
    """A number in any spelling."""

    number: Spelling
    label: Name | None = None


class PhoneNumberChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of a number: what is absent stays, null clears."""

    label: Name | None | UnsetType = UNSET
    sms_opt_out: bool | UnsetType = UNSET


class EmployeePhoneNumberChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of a number: what is absent stays, null clears."""

    label: Name | None | UnsetType = UNSET


class NumberToNormalize(msgspec.Struct, forbid_unknown_fields=True):
    """What may be a phone number."""

    number: Annotated[str, Meta(min_length=1, max_length=MAX_LENGTH, examples=["0171 234 56 78"])]
    region: Region | None = None
