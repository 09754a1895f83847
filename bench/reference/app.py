"""The service: https://fastapi.tiangolo.com/tutorial/."""

import base64
import binascii
import json
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException, Query, Request, Response, status
from sqlalchemy import select, text, tuple_
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload, selectinload

from bench.reference.booking import check, shown
from bench.reference.database import Session
from bench.reference.models import (
    Appointment,
    AppointmentClaim,
    AppointmentEvent,
    AuditEntry,
    ClinicSettings,
    Closure,
    Employee,
    Job,
    Patient,
)
from bench.reference.schemas import AppointmentOut, NewAppointment, Page, PatientOut
from bench.reference.security import Staff

app = FastAPI(title="Dental clinic")

Limit = Annotated[int, Query(ge=1, le=200)]
Instant = Annotated[datetime | None, Query()]
CLINIC_ID = 1


@app.get("/api/v1/health")
async def health(session: Session) -> dict[str, str]:
    """Say whether the database answers."""
    await session.execute(text("select 1"))
    return {"status": "ok"}


@app.get("/api/v1/patients/{patient_id}", response_model=PatientOut)
async def get_patient(
    patient_id: int,
    session: Session,
    staff: Staff,
    response: Response,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Patient | Response:
    """Show one patient."""
    patient = await session.get(Patient, patient_id)
    if patient is None:
        raise HTTPException(status_code=404, detail="Patient not found")
    etag = f'"{patient.version}"'
    if if_none_match == etag:
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers={"ETag": etag})
    response.headers["ETag"] = etag
    return patient


@app.get("/api/v1/patients", response_model=Page[PatientOut])
async def list_patients(
    session: Session, staff: Staff, limit: Limit = 50, cursor: str | None = None
) -> dict[str, list[Patient] | str | None]:
    """List patients, newest first."""
    statement = (
        select(Patient)
        .where(Patient.status.in_(["active", "archived"]))
        .order_by(Patient.created_at.desc(), Patient.patient_id.desc())
        .limit(limit + 1)
    )
    if cursor is not None:
        at, patient_id = read_cursor(cursor)
        statement = statement.where(tuple_(Patient.created_at, Patient.patient_id) < tuple_(at, patient_id))
    patients = list(await session.scalars(statement))
    more = len(patients) > limit
    last = patients[:limit][-1] if more else None
    next_cursor = None if last is None else sign_cursor(last.created_at, last.patient_id)
    return {"items": patients[:limit], "next_cursor": next_cursor}


@app.get("/api/v1/appointments", response_model=Page[AppointmentOut])
async def list_appointments(
    session: Session,
    staff: Staff,
    starts_after: Annotated[datetime, Query(alias="from")],
    ends_before: Annotated[datetime, Query(alias="to")],
    limit: Limit = 50,
) -> dict[str, list[AppointmentOut] | str | None]:
    """List the appointments of a time, by start."""
    settings = await session.get_one(ClinicSettings, CLINIC_ID)
    closures = list(await session.scalars(select(Closure)))
    statement = (
        select(Appointment)
        .where(
            Appointment.starts_at < ends_before,
            Appointment.ends_at > starts_after,
            Appointment.starts_at > starts_after - timedelta(hours=12),
        )
        .order_by(Appointment.starts_at, Appointment.appointment_id)
        .limit(limit + 1)
        .options(
            joinedload(Appointment.patient).load_only(
                Patient.first_name, Patient.last_name, Patient.alerts, Patient.primary_phone
            ),
            joinedload(Appointment.doctor).selectinload(Employee.working_hours),
            joinedload(Appointment.doctor).selectinload(Employee.time_off),
        )
    )
    appointments = list(await session.scalars(statement))
    more = len(appointments) > limit
    last = appointments[:limit][-1] if more else None
    return {
        "items": [shown(appointment, settings, closures) for appointment in appointments[:limit]],
        "next_cursor": None if last is None else sign_cursor(last.starts_at, last.appointment_id),
    }


@app.post("/api/v1/appointments", status_code=status.HTTP_201_CREATED, response_model=AppointmentOut)
async def book_appointment(
    new: NewAppointment, session: Session, staff: Staff, request: Request, response: Response
) -> AppointmentOut:
    """Book an appointment, with its claims, its event, its entry in the audit log and its job, in one transaction."""
    settings = await session.get_one(ClinicSettings, CLINIC_ID)
    closures = list(await session.scalars(select(Closure)))
    patient = await session.get(Patient, new.patient_id)
    doctor = await session.get(
        Employee, new.doctor_id, options=[selectinload(Employee.working_hours), selectinload(Employee.time_off)]
    )
    ends_at = new.ends_at or new.starts_at + timedelta(minutes=new.duration_min or 0)
    check(new, ends_at, patient, doctor, settings, closures)
    assert patient is not None
    assert doctor is not None

    busy_until = ends_at + timedelta(minutes=settings.buffer_minutes)
    appointment = Appointment(
        patient=patient,
        doctor=doctor,
        service_ids=[],
        starts_at=new.starts_at,
        ends_at=ends_at,
        note=new.note,
        buffer_minutes=settings.buffer_minutes,
        created_by=staff.user_id,
        claims=[
            AppointmentClaim(
                resource_kind="doctor", resource_id=doctor.employee_id, during=Range(new.starts_at, busy_until)
            ),
            AppointmentClaim(
                resource_kind="patient", resource_id=patient.patient_id, during=Range(new.starts_at, ends_at)
            ),
        ],
        events=[AppointmentEvent(actor_id=staff.user_id, action="book", to_status="booked")],
    )
    session.add(appointment)
    try:
        await session.flush()
    except IntegrityError:
        raise HTTPException(status_code=409, detail="The time is taken.") from None
    session.add_all(
        [
            AuditEntry(
                actor_id=staff.user_id,
                action="create",
                entity="appointment",
                entity_id=appointment.appointment_id,
                patient_id=patient.patient_id,
                ip=request.client.host if request.client else None,
                user_agent=request.headers.get("user-agent"),
                after=new.model_dump(mode="json"),
            ),
            Job(kind="appointment.reminders", payload={"appointment_id": appointment.appointment_id}),
        ]
    )
    await session.commit()
    response.headers["Location"] = f"/api/v1/appointments/{appointment.appointment_id}"
    response.headers["ETag"] = f'"{appointment.version}"'
    return shown(appointment, settings, closures)


def sign_cursor(at: datetime, number: int) -> str:
    """Where the next page begins."""
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), number]).encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, int]:
    """Read a cursor."""
    try:
        at, number = json.loads(base64.urlsafe_b64decode(cursor))
        return datetime.fromisoformat(at), int(number)
    except (binascii.Error, ValueError, TypeError):
        raise HTTPException(status_code=400, detail="Invalid cursor") from None
