"""The tables that the endpoints need, mapped as https://docs.sqlalchemy.org/en/20/orm/quickstart.html does it."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ARRAY, BigInteger, DateTime, ForeignKey, Text, func, select
from sqlalchemy.dialects.postgresql import INET, JSONB, TSTZRANGE, Range
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship


class Base(DeclarativeBase):
    """What all models share."""

    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own way
        int: BigInteger,
        str: Text,
        datetime: DateTime(timezone=True),
        list[str]: ARRAY(Text),
        list[int]: ARRAY(BigInteger),
        dict[str, Any]: JSONB,
        Range[datetime]: TSTZRANGE,
    }


class ClinicSettings(Base):
    """The clinic's one row of settings."""

    __tablename__ = "clinic_settings"

    clinic_id: Mapped[int] = mapped_column(primary_key=True)
    timezone: Mapped[str]
    buffer_minutes: Mapped[int]
    booking_min_notice_minutes: Mapped[int]
    booking_horizon_days: Mapped[int]


class Closure(Base):
    """Days on which the clinic is closed."""

    __tablename__ = "closure"

    closure_id: Mapped[int] = mapped_column(primary_key=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]


class PatientPhone(Base):
    """A patient's number."""

    __tablename__ = "patient_phone"

    phone_number_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    e164: Mapped[str]
    is_primary: Mapped[bool]


class WorkingHours(Base):
    """When an employee works."""

    __tablename__ = "working_hours"

    working_hours_id: Mapped[int] = mapped_column(primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.employee_id"))
    weekday: Mapped[int]
    opens: Mapped[time]
    closes: Mapped[time]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


class TimeOff(Base):
    """When an employee is away."""

    __tablename__ = "time_off"

    time_off_id: Mapped[int] = mapped_column(primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employee.employee_id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class Employee(Base):
    """An employee."""

    __tablename__ = "employee"

    employee_id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str]
    last_name: Mapped[str]
    title: Mapped[str | None]
    color: Mapped[str]
    is_bookable: Mapped[bool]
    archived_at: Mapped[datetime | None]
    working_hours: Mapped[list[WorkingHours]] = relationship()
    time_off: Mapped[list[TimeOff]] = relationship()


class Patient(Base):
    """A patient."""

    __tablename__ = "patient"

    patient_id: Mapped[int] = mapped_column(primary_key=True)
    register_number: Mapped[str]
    user_id: Mapped[int | None]
    first_name: Mapped[str]
    last_name: Mapped[str]
    middle_name: Mapped[str | None]
    birth_date: Mapped[date | None]
    gender: Mapped[str]
    email: Mapped[str | None]
    address: Mapped[str | None]
    note: Mapped[str | None]
    alerts: Mapped[list[str]]
    status: Mapped[str]
    merged_into: Mapped[int | None]
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int]
    primary_phone: Mapped[str | None] = column_property(
        select(PatientPhone.e164)
        .where(PatientPhone.patient_id == patient_id, PatientPhone.is_primary)
        .correlate_except(PatientPhone)
        .scalar_subquery()
    )


class Appointment(Base):
    """An appointment."""

    __tablename__ = "appointment"

    appointment_id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int] = mapped_column(ForeignKey("patient.patient_id"))
    doctor_id: Mapped[int] = mapped_column(ForeignKey("employee.employee_id"))
    chair_id: Mapped[int | None]
    service_ids: Mapped[list[int]]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default="booked")
    note: Mapped[str | None]
    cancel_reason: Mapped[str | None]
    is_overbooked: Mapped[bool] = mapped_column(default=False)
    is_outside_hours: Mapped[bool] = mapped_column(default=False)
    buffer_minutes: Mapped[int]
    confirmed_at: Mapped[datetime | None]
    checked_in_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[str | None]
    created_by: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    version: Mapped[int] = mapped_column(default=1)
    patient: Mapped[Patient] = relationship()
    doctor: Mapped[Employee] = relationship()
    claims: Mapped[list["AppointmentClaim"]] = relationship()
    events: Mapped[list["AppointmentEvent"]] = relationship()


class AppointmentClaim(Base):
    """The time that an appointment takes of its doctor, its patient or its chair."""

    __tablename__ = "appointment_claim"

    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.appointment_id"), primary_key=True)
    resource_kind: Mapped[str] = mapped_column(primary_key=True)
    resource_id: Mapped[int]
    during: Mapped[Range[datetime]]
    layer: Mapped[int] = mapped_column(default=0)


class AppointmentEvent(Base):
    """A step of an appointment."""

    __tablename__ = "appointment_event"

    event_id: Mapped[int] = mapped_column(primary_key=True)
    appointment_id: Mapped[int] = mapped_column(ForeignKey("appointment.appointment_id"))
    actor_id: Mapped[int | None]
    action: Mapped[str]
    to_status: Mapped[str]


class AuditEntry(Base):
    """Who did what."""

    __tablename__ = "audit_log"

    audit_id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    actor_id: Mapped[int | None]
    action: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[int | None]
    patient_id: Mapped[int | None]
    ip: Mapped[str | None] = mapped_column(INET)
    user_agent: Mapped[str | None]
    after: Mapped[dict[str, Any]]


class Job(Base):
    """Work for the worker."""

    __tablename__ = "outbox"

    outbox_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]


Patient.last_seen_at = column_property(
    select(func.max(Appointment.checked_in_at))
    .where(Appointment.patient_id == Patient.patient_id)
    .correlate_except(Appointment)
    .scalar_subquery()
)
