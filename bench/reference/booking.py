"""The rules of booking, on loaded models."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import HTTPException

from bench.reference.models import Appointment, ClinicSettings, Closure, Employee, Patient
from bench.reference.schemas import AppointmentDoctor, AppointmentOut, AppointmentPatient, NewAppointment


def check(
    new: NewAppointment,
    ends_at: datetime,
    patient: Patient | None,
    doctor: Employee | None,
    settings: ClinicSettings,
    closures: Iterable[Closure],
) -> None:
    """Raise 422 when a rule of the clinic says no."""
    if patient is None or patient.status != "active":
        raise HTTPException(422, "There is no such patient.")
    if doctor is None or doctor.archived_at is not None or not doctor.is_bookable:
        raise HTTPException(422, "There is no such doctor.")
    now = datetime.now(UTC)
    if new.starts_at < now + timedelta(minutes=settings.booking_min_notice_minutes):
        raise HTTPException(422, "The start is past or too soon.")
    if new.starts_at > now + timedelta(days=settings.booking_horizon_days):
        raise HTTPException(422, "The start is too far ahead.")
    if not is_working(doctor, new.starts_at, ends_at, settings, closures):
        raise HTTPException(422, "The doctor does not work then.")


def is_working(
    doctor: Employee, starts_at: datetime, ends_at: datetime, settings: ClinicSettings, closures: Iterable[Closure]
) -> bool:
    """Whether a doctor works all that time."""
    zone = ZoneInfo(settings.timezone)
    local_start, local_end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    day = local_start.date()
    if any(closure.starts_on <= day <= closure.ends_on for closure in closures):
        return False
    if any(off.starts_at < ends_at and starts_at < off.ends_at for off in doctor.time_off):
        return False
    return any(
        hours.weekday == day.isoweekday()
        and (hours.valid_from or day) <= day <= (hours.valid_to or day)
        and hours.opens <= local_start.time()
        and local_end.date() == day
        and local_end.time() <= hours.closes
        for hours in doctor.working_hours
    )


def shown(appointment: Appointment, settings: ClinicSettings, closures: Iterable[Closure]) -> AppointmentOut:
    """An appointment as answers show it."""
    patient, doctor = appointment.patient, appointment.doctor
    is_active = appointment.status not in ("cancelled", "no_show")
    return AppointmentOut(
        **{name: getattr(appointment, name) for name in COLUMNS},
        is_uncovered=is_active
        and not appointment.is_outside_hours
        and not is_working(doctor, appointment.starts_at, appointment.ends_at, settings, closures),
        patient=AppointmentPatient(
            name=f"{patient.first_name} {patient.last_name}", phone=patient.primary_phone, alerts=patient.alerts
        ),
        doctor=AppointmentDoctor(
            name=" ".join(filter(None, (doctor.title, doctor.first_name, doctor.last_name))), color=doctor.color
        ),
    )


COLUMNS = [name for name in AppointmentOut.model_fields if name not in ("is_uncovered", "patient", "doctor")]
