"""The shapes of appointments."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from dcms.web.bodies import FieldFault
from dcms.web.fields import Id, Instant, Text

Status = Literal["booked", "confirmed", "came", "finished", "cancelled", "no_show"]
Side = Literal["patient", "clinic"]
Resource = Literal["doctor", "patient", "chair"]

SHORTEST = timedelta(minutes=5)
LONGEST = timedelta(hours=12)
MAX_SERVICES = 50

Duration = Annotated[int, Meta(ge=5, le=720, description="Elapsed minutes.", examples=[30])]
ServiceIds = Annotated[list[Id], Meta(max_length=MAX_SERVICES, examples=[[1, 4]])]
AllowOutsideHours = Annotated[
    bool, Meta(description="Lifts `outside_working_hours`, `too_short_notice`, `beyond_horizon`; schedule.override.")
]
AllowOverlap = Annotated[
    bool, Meta(description="Overbook doctor and chair, never the patient; schedule.override and a reason.")
]


class AppointmentPatient(msgspec.Struct):
    """What a screen shows of an appointment's patient."""

    name: str
    # E.164
    phone: str | None
    alerts: list[str]


class AppointmentDoctor(msgspec.Struct):
    """What a screen shows of an appointment's doctor."""

    name: str
    color: str


class Appointment(msgspec.Struct):
    """An appointment of a patient with a doctor."""

    appointment_id: Id
    patient_id: int
    doctor_id: int
    chair_id: int | None
    service_ids: list[int]
    starts_at: datetime
    ends_at: datetime
    status: Status
    note: str | None
    cancel_reason: str | None
    # booked on purpose over another one
    is_overbooked: bool
    # active, and not within the doctor's working time
    is_uncovered: bool
    confirmed_at: datetime | None
    checked_in_at: datetime | None
    finished_at: datetime | None
    cancelled_at: datetime | None
    cancelled_by: Side | None
    created_by: int | None
    created_at: datetime
    updated_at: datetime
    version: int
    patient: AppointmentPatient
    doctor: AppointmentDoctor


class NewAppointment(msgspec.Struct, forbid_unknown_fields=True):
    """An appointment to be: until an end or for a length, else for as long as its services take."""

    patient_id: Id
    doctor_id: Id
    starts_at: Instant
    ends_at: Instant | None = None
    duration_min: Duration | None = None
    chair_id: Id | None = None
    service_ids: ServiceIds = []
    note: Text | None = None
    allow_outside_hours: AllowOutsideHours = False
    allow_overlap: AllowOverlap = False
    override_reason: Text | None = None

    def __post_init__(self) -> None:
        check_end(self.starts_at, self.ends_at, self.duration_min)
        check_reason(self.allow_overlap, self.allow_outside_hours, self.override_reason)


class Proposal(NewAppointment, forbid_unknown_fields=True):
    """An appointment to be, to ask whether it could be; `appointment_id` is one to leave out, as when it is moved."""

    appointment_id: Id | None = None


class AppointmentChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of an appointment: what is absent stays, null clears. `starts_at` alone keeps the length."""

    doctor_id: Id | UnsetType = UNSET
    chair_id: Id | None | UnsetType = UNSET
    service_ids: ServiceIds | UnsetType = UNSET
    starts_at: Instant | UnsetType = UNSET
    ends_at: Instant | UnsetType = UNSET
    duration_min: Duration | UnsetType = UNSET
    note: Text | None | UnsetType = UNSET
    allow_outside_hours: AllowOutsideHours = False
    allow_overlap: AllowOverlap = False
    override_reason: Text | None = None

    def __post_init__(self) -> None:
        check_end(self.starts_at or None, self.ends_at or None, self.duration_min or None)
        check_reason(self.allow_overlap, self.allow_outside_hours, self.override_reason)


class Cancellation(msgspec.Struct, forbid_unknown_fields=True):
    """Why an appointment is cancelled, and on whose side."""

    reason: Text | None = None
    by: Side = "clinic"


class Reopening(msgspec.Struct, forbid_unknown_fields=True):
    """Why an ended appointment goes back to booked."""

    reason: Text


class OverlapConflict(msgspec.Struct):
    """An appointment that stands against another, and at what."""

    appointment_id: int
    starts_at: datetime
    ends_at: datetime
    resource: Resource


class RuleWarning(msgspec.Struct):
    """A rule of the clinic that says no."""

    code: str
    message: str


class Validation(msgspec.Struct):
    """Whether an appointment could be booked, and what stands against it."""

    valid: bool
    conflicts: list[OverlapConflict]
    warnings: list[RuleWarning]


class Event(msgspec.Struct):
    """One step of an appointment."""

    event_id: int
    at: datetime
    actor_id: int | None
    actor_name: str | None
    action: Literal["book", "move", "update", "confirm", "check_in", "finish", "cancel", "no_show", "reopen"]
    from_status: Status | None
    to_status: Status
    # {field: [from, to]}
    changes: dict[str, list[Any]]
    note: str | None


def check_end(starts_at: datetime | None, ends_at: datetime | None, duration_min: int | None) -> None:
    """Raise FieldFault for an end and a length at once, and for an end too near or too far."""
    if ends_at is None:
        return
    if duration_min is not None:
        raise FieldFault("duration_min", "can't be given with ends_at")
    if starts_at is not None and not SHORTEST <= ends_at - starts_at <= LONGEST:
        raise FieldFault("ends_at", "must be 5 minutes to 12 hours after the start")


def check_reason(allow_overlap: bool, allow_outside_hours: bool, reason: str | None) -> None:
    """Raise FieldFault for an overbooking without a reason, and for a reason of nothing."""
    if allow_overlap and reason is None:
        raise FieldFault("override_reason", "is required with allow_overlap")
    if reason is not None and not (allow_overlap or allow_outside_hours):
        raise FieldFault("override_reason", "belongs to allow_overlap or allow_outside_hours")
