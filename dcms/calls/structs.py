"""The shapes of calls."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dcms.phones.numbers import Spelling
from dcms.web.bodies import FieldFault
from dcms.web.fields import Id, Instant, Text

Direction = Literal["in", "out"]
ContactType = Literal["patient", "prospect", "employee", "supplier", "other"]
CallStatus = Literal["ringing", "in_progress", "completed", "missed", "busy", "failed", "voicemail"]


class Call(msgspec.Struct):
    """A telephone call."""

    call_id: Id
    # null when the caller hides it
    e164: str | None
    # the patient's hold on the number, while he has it
    phone_number_id: int | None
    patient_id: int | None
    # when patient_id is null: who holds the number
    candidates: list[int]
    employee_id: int | None
    direction: Direction
    contact_type: ContactType
    status: CallStatus
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    duration_s: int | None
    note: str | None
    provider: str | None
    provider_call_id: str | None
    recorded_by: int | None
    created_at: datetime
    updated_at: datetime
    version: int


PhoneNumberId = Annotated[Id, Meta(description="A patient's hold on the number: says which of its holders it was.")]
CallType = Annotated[
    ContactType, Meta(description="By default the number's: a patient's, an employee's, else a prospect.")
]
CallState = Annotated[
    CallStatus, Meta(description="By default `in_progress` when it was answered and has no end, else `completed`.")
]
EmployeeId = Annotated[Id, Meta(description="By default the employee whose number it is, when no patient holds it.")]


class NewCall(msgspec.Struct, forbid_unknown_fields=True):
    """A call to be noted; patient, kind of contact and duration are filled in."""

    direction: Direction
    number: Spelling | None = None
    phone_number_id: PhoneNumberId | None = None
    started_at: Annotated[Instant, Meta(description="Now by default.")] | None = None
    answered_at: Instant | None = None
    ended_at: Instant | None = None
    contact_type: CallType | None = None
    status: CallState | None = None
    note: Text | None = None
    employee_id: EmployeeId | None = None

    def __post_init__(self) -> None:
        if (self.number is None) == (self.phone_number_id is None):
            field = "number" if self.number is None else "phone_number_id"
            raise FieldFault(field, "give either number or phone_number_id")
        require_order(self.started_at, self.answered_at, self.ended_at)


class CallChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of a call: what is absent stays, null clears. With another number the contact is looked up again."""

    direction: Direction | UnsetType = UNSET
    number: Spelling | UnsetType = UNSET
    phone_number_id: PhoneNumberId | UnsetType = UNSET
    started_at: Instant | UnsetType = UNSET
    answered_at: Instant | None | UnsetType = UNSET
    ended_at: Instant | None | UnsetType = UNSET
    contact_type: ContactType | UnsetType = UNSET
    status: CallStatus | UnsetType = UNSET
    note: Text | None | UnsetType = UNSET
    employee_id: Id | None | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.number is not UNSET and self.phone_number_id is not UNSET:
            raise FieldFault("phone_number_id", "give either number or phone_number_id")
        require_order(self.started_at or None, self.answered_at or None, self.ended_at or None)


def require_order(started_at: datetime | None, answered_at: datetime | None, ended_at: datetime | None) -> None:
    """Raise the fault of times that run backwards."""
    if started_at and answered_at and answered_at < started_at:
        raise FieldFault("answered_at", "lies before the start")
    earlier = answered_at or started_at
    if earlier and ended_at and ended_at < earlier:
        raise FieldFault("ended_at", "lies before the start or the answer")
