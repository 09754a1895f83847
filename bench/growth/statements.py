"""The hot statements, each as the service runs it, with arguments from the middle of a clinic."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from bench.clinic import Clinic
from dcms.appointments.repository import BY_START, AppointmentFilters
from dcms.appointments.structs import Appointment
from dcms.audit.repository import LOOK_BACK
from dcms.audit.repository import NEWEST_FIRST as NEWEST_ENTRIES
from dcms.audit.structs import AuditEntry
from dcms.database.lists import Filter, Ordering, statement, words
from dcms.database.queries import Query, queries
from dcms.patients.repository import DOCTORS_NEWEST_FIRST as DOCTORS_NEWEST
from dcms.patients.repository import NEWEST_FIRST as NEWEST_PATIENTS
from dcms.patients.search import parts_of
from dcms.patients.structs import Patient
from dcms.sms.repository import NEWEST_FIRST as NEWEST_MESSAGES
from dcms.sms.structs import Sms
from dcms.timeline.repository import READERS

# a page of 50, and one row more to know whether there is another
ROWS = 51
DOCTORS = 8
ZONE = ZoneInfo("Europe/Berlin")


class HotStatement(msgspec.Struct, frozen=True):
    """A statement with its arguments."""

    name: str
    text: str
    values: list[Any]
    # of a partitioned table: one that has to look into each is counted for one
    partitions: int = 1


def hot_statements(clinic: Clinic) -> Iterator[HotStatement]:
    """Every statement that many requests wait for."""
    yield from _of_patients(clinic)
    yield from _of_appointments(clinic)
    yield from _of_the_rest(clinic)


def _of_patients(clinic: Clinic) -> Iterator[HotStatement]:
    sql = queries("patients")
    patient_id = _patient(clinic)
    listed = [words("status", ["active", "archived"])]
    yield _plain("patients: one by id", sql.get, patient_id=patient_id)
    yield _list("patients: the newest page", sql.find, Patient, listed, NEWEST_PATIENTS)
    yield _list(
        "patients: a page of a doctor's",
        sql.find_of_doctor,
        Patient,
        listed,
        DOCTORS_NEWEST,
        # all of the first one's may be cancelled
        doctor_id=clinic.first_doctor + 1,
    )
    searched: dict[str, Any] = {
        "status": ["active", "archived"],
        "born": None,
        "doctor_id": None,
        "after_score": None,
        "after_id": None,
        "limit": ROWS,
    }
    number = clinic.patients // 2
    for name, text in (
        ("a register number", f"B{number:08d}"),
        ("a phone number", f"0160 {number:08d}"),
        ("an email", f"bench{number - number % 5}@example.org"),
    ):
        yield _plain(f"patients: search by {name}", sql.search, parts=parts_of(text, "DE"), **searched)
    yield _plain(
        "patients: summary",
        sql.summary,
        patient_id=patient_id,
        reads_schedule=True,
        reads_treatments=True,
        reads_billing=True,
        reads_messages=True,
        reads_calls=True,
    )
    yield _plain(
        "patients: timeline",
        queries("timeline").find,
        patient_id=patient_id,
        kinds=list(READERS),
        starts_at=None,
        ends_at=None,
        after_at=None,
        after_kind=None,
        after_id=None,
        limit=ROWS,
    )
    yield _plain("patients: balance", queries("billing").balance, patient_id=patient_id)


def _of_appointments(clinic: Clinic) -> Iterator[HotStatement]:
    sql = queries("appointments")
    day = clinic.coming_day
    starts_at = datetime.combine(day, time(16), ZONE)
    doctors = clinic.doctor_ids[:DOCTORS]
    booking = {"chair_id": None, "service_ids": [1], "starts_at": starts_at, "ends_at": None, "duration_min": 30}
    rules = {"allow_outside_hours": False, "allow_overlap": False, "override_reason": None}
    yield _plain(
        "appointments: book",
        sql.book,
        patient_id=_patient(clinic),
        doctor_id=clinic.first_doctor,
        note=None,
        **booking,
        **rules,
    )
    # the last that was made lies ahead
    future = clinic.first_appointment + clinic.appointments - 100
    yield _plain(
        "appointments: move",
        sql.update,
        appointment_id=_active(future, clinic),
        duration_min=None,
        changes={"starts_at": starts_at + timedelta(minutes=30)},
        permissions=["schedule.write"],
        **rules,
    )
    yield _plain("appointments: one by id", sql.get, appointment_id=future)
    midnight = datetime.combine(day, time(), ZONE)
    of_day = AppointmentFilters(ends_after=midnight, starts_before=midnight + timedelta(days=1), doctor_ids=doctors)
    yield _list("appointments: a day of eight doctors", sql.find, Appointment, of_day.conditions(), BY_START)
    of_patient = AppointmentFilters(patient_id=_patient(clinic))
    yield _list("appointments: a patient's", sql.find, Appointment, of_patient.conditions(), BY_START)
    wish: dict[str, Any] = {"chair_id": None, "service_ids": [], "duration_min": 30, "limit": 50, "first_day": day}
    yield _plain(
        "availability: eight doctors, thirty days",
        queries("availability").slots,
        doctor_ids=doctors,
        last_day=day + timedelta(days=29),
        **wish,
    )
    calendar = queries("calendar")
    for name, days in (("a day", 1), ("a week", 7)):
        yield _plain(
            f"calendar: {name} of eight doctors",
            calendar.days,
            first_day=day,
            last_day=day + timedelta(days=days - 1),
            doctor_ids=doctors,
            include_cancelled=False,
            always=False,
        )
    yield _plain(
        "calendar: a month of eight doctors",
        calendar.months,
        first_day=day - timedelta(days=14),
        last_day=day + timedelta(days=16),
        doctor_ids=doctors,
        include_cancelled=False,
    )


def _of_the_rest(clinic: Clinic) -> Iterator[HotStatement]:
    sms, audit = queries("sms"), queries("audit")
    patient_id = _patient(clinic)
    yield _list("messages: the newest page", sms.find, Sms, [], NEWEST_MESSAGES)
    yield _list("messages: a patient's", sms.find_of_patient, Sms, [], NEWEST_MESSAGES, patient_id=patient_id)
    yield _plain(
        "webhooks: keep an event",
        queries("webhooks").keep,
        kinds=["sms.inbound"],
        subjects=["SMgrowth"],
        events=["received"],
        details=[{}],
        bodies=[b""],
        content_types=["application/x-www-form-urlencoded"],
        query_strings=[""],
        request_ids=["growth"],
        deliveries=[1],
    )
    yield _plain("outbox: claim jobs", queries("outbox").claim, jobs=50, lease_s=60.0, lease_token=uuid.UUID(int=1))
    yield _plain(
        "idempotency: claim a key", queries("idempotency").claim, user_id=5, key="growth", fingerprint=b"0" * 32
    )
    newest = [Filter("at", "gte", datetime.now(UTC) - LOOK_BACK)]
    yield _list("audit: the newest page", audit.find, AuditEntry, newest, NEWEST_ENTRIES)
    two_months = datetime.now(UTC) - timedelta(days=60)
    for name, since, partitions in (
        ("audit: of a patient, two months", two_months, 1),
        ("audit: of a patient, per month kept", None, _months(clinic)),
    ):
        listed = _list(name, audit.find_of_patient, AuditEntry, [], NEWEST_ENTRIES, patient_id=patient_id, since=since)
        yield msgspec.structs.replace(listed, partitions=partitions)


def _patient(clinic: Clinic) -> int:
    return clinic.first_patient + clinic.patients // 2


def _months(clinic: Clinic) -> int:
    """How many months of the past, and this one, the audit log has; see bench/sql/fill/audit_months.sql."""
    today = datetime.now(UTC)
    return (today.year - clinic.first_day.year) * 12 + today.month - clinic.first_day.month + 2


def _active(appointment_id: int, clinic: Clinic) -> int:
    """The next appointment that is not cancelled; see bench/sql/fill/appointments.sql."""
    while (appointment_id - clinic.first_appointment) * 31 % 100 < 10:
        appointment_id += 1
    return appointment_id


def _plain(name: str, query: Query, **arguments: Any) -> HotStatement:
    return HotStatement(name, query.text, query.bind(_with_ambient(query, arguments)))


def _list(
    name: str, query: Query, row: type[msgspec.Struct], filters: list[Filter], ordering: Ordering, **arguments: Any
) -> HotStatement:
    given = _with_ambient(query, arguments)
    return HotStatement(name, *statement(query, row, filters, ordering, (), ROWS, **given))


def _with_ambient(query: Query, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the context of a request would give."""
    ambient = {"context": {"request_id": "growth"}, "if_match": None, "caller_id": 5, "own_patient_id": None}
    return {**{name: value for name, value in ambient.items() if name in query.parameters}, **arguments}
