"""Examples for the OpenAPI document: records of a made-up clinic, mapped as any other."""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from dcms.appointments.structs import Appointment, AppointmentDoctor, AppointmentPatient
from dcms.availability.structs import Stretch
from dcms.employees.structs import Employee
from dcms.fhir.appointments import appointment
from dcms.fhir.bundles import searchset
from dcms.fhir.capability import capability_statement
from dcms.fhir.elements import Resource
from dcms.fhir.patients import patient
from dcms.fhir.practitioners import practitioner, schedule
from dcms.fhir.procedures import procedure
from dcms.fhir.slots import slot
from dcms.fhir.structs import ServiceName, TreatedItem
from dcms.patients.structs import Patient

URL = "https://clinic.example/fhir"
_NINE = datetime.fromisoformat("2026-11-23T09:00:00+01:00")
_UNTIL = _NINE + timedelta(minutes=30)
_WRITTEN: dict[str, Any] = {"created_at": _NINE, "updated_at": _NINE, "version": 1}

_PATIENT = Patient(
    patient_id=1,
    register_number="P000001",
    user_id=None,
    first_name="Anna",
    last_name="Müller",
    middle_name=None,
    birth_date=date(1990, 5, 17),
    gender="female",
    email="anna@example.org",
    address="Hauptstraße 1, 10115 Berlin",
    note=None,
    alerts=[],
    primary_phone="+491712345678",
    status="active",
    merged_into=None,
    archived_at=None,
    last_seen_at=None,
    **_WRITTEN,
)
_DOCTOR = Employee(
    employee_id=7,
    user_id=None,
    first_name="Eva",
    last_name="Braun",
    title="Dr.",
    email="eva@clinic.example",
    color="#4f7cac",
    is_bookable=True,
    hired_on=None,
    archived_at=None,
    positions=[],
    **_WRITTEN,
)
_APPOINTMENT = Appointment(
    appointment_id=1,
    patient_id=1,
    doctor_id=7,
    chair_id=None,
    service_ids=[4],
    starts_at=_NINE,
    ends_at=_UNTIL,
    status="booked",
    note=None,
    cancel_reason=None,
    is_overbooked=False,
    is_uncovered=False,
    confirmed_at=None,
    checked_in_at=None,
    finished_at=None,
    cancelled_at=None,
    cancelled_by=None,
    created_by=None,
    patient=AppointmentPatient("Anna Müller", "+491712345678", []),
    doctor=AppointmentDoctor("Dr. Eva Braun", "#4f7cac"),
    **_WRITTEN,
)
_ITEM: dict[str, Any] = {
    "treatment_item_id": 1,
    "patient_id": 1,
    "doctor_id": 7,
    "doctor_name": "Dr. Eva Braun",
    "diagnosis": None,
    "service_code": "D2391",
    "service_name": "Filling",
    "status": "done",
    "done_at": _NINE,
    "note": None,
    # a record, as the database gives it
    "teeth": [(36, "36", "Lower left first molar", "MO")],
    "updated_at": _NINE,
    "version": 1,
}


def _plain(resource: Resource) -> Resource:
    """With its times as texts."""
    plain: Resource = msgspec.to_builtins(resource)
    return plain


CAPABILITY = capability_statement(URL)
PATIENT = _plain(patient(_PATIENT, URL))
PRACTITIONER = _plain(practitioner(_DOCTOR))
SCHEDULE = _plain(schedule(_DOCTOR))
SLOT = _plain(slot(Stretch(7, _NINE, _UNTIL)))
APPOINTMENT = _plain(appointment(_APPOINTMENT, {4: ServiceName(4, "D2391", "Filling")}, URL))
PROCEDURE = _plain(procedure(TreatedItem(**_ITEM), URL))
_ALL = (PATIENT, PRACTITIONER, SCHEDULE, SLOT, APPOINTMENT, PROCEDURE)


def bundle(resource_type: str) -> Resource:
    """The answer to a search that finds the example."""
    found = [each for each in _ALL if each["resourceType"] == resource_type]
    return searchset(f"{URL}/{resource_type}", URL, [], found, None)
