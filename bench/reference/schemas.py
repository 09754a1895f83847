"""What goes in and what comes out."""

from datetime import date, datetime
from typing import Generic, Literal, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

T = TypeVar("T")


class Schema(BaseModel):
    """What is read from a model's attributes."""

    model_config = ConfigDict(from_attributes=True)


class PatientOut(Schema):
    """A patient's record."""

    patient_id: int
    register_number: str
    user_id: int | None
    first_name: str
    last_name: str
    middle_name: str | None
    birth_date: date | None
    gender: Literal["female", "male", "other", "unknown"]
    email: str | None
    address: str | None
    note: str | None
    alerts: list[str]
    primary_phone: str | None
    status: Literal["active", "archived", "merged"]
    merged_into: int | None
    archived_at: datetime | None
    last_seen_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class AppointmentPatient(BaseModel):
    """What a screen shows of an appointment's patient."""

    name: str
    phone: str | None
    alerts: list[str]


class AppointmentDoctor(BaseModel):
    """What a screen shows of an appointment's doctor."""

    name: str
    color: str


class AppointmentOut(BaseModel):
    """An appointment."""

    appointment_id: int
    patient_id: int
    doctor_id: int
    chair_id: int | None
    service_ids: list[int]
    starts_at: datetime
    ends_at: datetime
    status: Literal["booked", "confirmed", "came", "finished", "cancelled", "no_show"]
    note: str | None
    cancel_reason: str | None
    is_overbooked: bool
    is_uncovered: bool
    confirmed_at: datetime | None
    checked_in_at: datetime | None
    finished_at: datetime | None
    cancelled_at: datetime | None
    cancelled_by: Literal["patient", "clinic"] | None
    created_by: int | None
    created_at: datetime
    updated_at: datetime
    version: int
    patient: AppointmentPatient
    doctor: AppointmentDoctor


class NewAppointment(BaseModel):
    """An appointment to be."""

    model_config = ConfigDict(extra="forbid")

    patient_id: int = Field(ge=1)
    doctor_id: int = Field(ge=1)
    starts_at: AwareDatetime
    ends_at: AwareDatetime | None = None
    duration_min: int | None = Field(default=None, ge=5, le=720)
    note: str | None = Field(default=None, max_length=10_000)

    @model_validator(mode="after")
    def has_one_end(self) -> Self:
        """Refuse an end and a length at once, and none."""
        if (self.ends_at is None) == (self.duration_min is None):
            raise ValueError("either ends_at or duration_min")
        return self


class Page(BaseModel, Generic[T]):
    """A page of a list."""

    items: list[T]
    next_cursor: str | None = None
