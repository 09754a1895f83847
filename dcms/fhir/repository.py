"""What the FHIR view reads: the API's own statements where there is one, each search in one or two statements."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import date, datetime, timedelta

import msgspec

from dcms.appointments.structs import Appointment, AppointmentDoctor, AppointmentPatient, Status
from dcms.availability.structs import Stretch, Wish
from dcms.database.lists import Filter, Ordering, page, words
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.employees.structs import Employee
from dcms.fhir.structs import ServiceName, TreatedItem
from dcms.patients.structs import Patient
from dcms.treatment_items.structs import ItemStatus
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import NotFound

SQL = queries("fhir")
APPOINTMENTS = queries("appointments")
EMPLOYEES = queries("employees")
PATIENTS = queries("patients")

NEWEST_FIRST = Ordering(("created_at", "patient_id"), descending=True)
BY_NAME = Ordering(("sort_last_name", "sort_first_name", "employee_id"))
BEST_FIRST = Ordering(("rank", "employee_id"))
BY_START = Ordering(("starts_at", "appointment_id"))
BY_ID = Ordering(("treatment_item_id",))
# one for each minute of the longest local day
SLOTS_A_DAY = 25 * 60

FreeSlots = Callable[[Wish], Awaitable[list[Stretch]]]


class PatientSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Which patients are looked for."""

    ids: list[int] | None = None
    register_number: str | None = None
    name: str | None = None
    born_since: date | None = None
    born_before: date | None = None


class AppointmentSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Which appointments are looked for."""

    ids: list[int] | None = None
    patient_ids: list[int] | None = None
    doctor_ids: list[int] | None = None
    statuses: list[Status] | None = None
    since: datetime | None = None
    before: datetime | None = None


class ProcedureSearch(msgspec.Struct, frozen=True, kw_only=True):
    """Which procedures are looked for."""

    ids: list[int] | None = None
    patient_ids: list[int] | None = None
    doctor_ids: list[int] | None = None
    statuses: list[ItemStatus] | None = None
    since: datetime | None = None
    before: datetime | None = None


class FhirRepository:
    """Reads records for the FHIR view."""

    def __init__(self, database: Database, free_slots: FreeSlots) -> None:
        self._database = database
        self._free_slots = free_slots

    async def patient(self, patient_id: int) -> Patient:
        """One patient."""
        return await self._database.one(PATIENTS.get, Patient, patient_id=patient_id)

    async def patients(self, wanted: PatientSearch, request: PageRequest) -> Page[Patient]:
        """Patients, newest first."""
        filters = [
            Filter("patient_id", "any", wanted.ids),
            Filter("birth_date", "gte", wanted.born_since),
            Filter("birth_date", "lt", wanted.born_before),
        ]
        return await page(
            self._database,
            SQL.patients,
            Patient,
            filters,
            NEWEST_FIRST,
            request,
            register_number=wanted.register_number,
            name=wanted.name,
        )

    async def employee(self, employee_id: int) -> Employee:
        """One employee."""
        return await self._database.one(EMPLOYEES.get, Employee, employee_id=employee_id)

    async def employees(
        self, ids: list[int] | None, name: str | None, is_bookable: bool | None, request: PageRequest
    ) -> Page[Employee]:
        """Employees, archived ones too, by name; with a name the best first."""
        return await page(
            self._database,
            EMPLOYEES.find,
            Employee,
            [Filter("employee_id", "any", ids)],
            BEST_FIRST if name else BY_NAME,
            request,
            text=name,
            position_id=None,
            is_bookable=is_bookable,
            include_archived=True,
        )

    async def appointment(self, appointment_id: int) -> Appointment:
        """One appointment."""
        return _with_names(await self._database.one(APPOINTMENTS.get, Appointment, appointment_id=appointment_id))

    async def appointments(self, wanted: AppointmentSearch, request: PageRequest) -> Page[Appointment]:
        """Appointments, by start."""
        filters = [
            Filter("appointment_id", "any", wanted.ids),
            Filter("patient_id", "any", wanted.patient_ids),
            Filter("doctor_id", "any", wanted.doctor_ids),
            words("status", wanted.statuses),
            Filter("starts_at", "gte", wanted.since),
            Filter("starts_at", "lt", wanted.before),
        ]
        found = await page(self._database, APPOINTMENTS.find, Appointment, filters, BY_START, request)
        return Page([_with_names(record) for record in found.items], found.next_cursor)

    async def service_names(self, appointments: Iterable[Appointment]) -> dict[int, ServiceName]:
        """What the services of appointments are called, by their ids."""
        ids = sorted({service_id for each in appointments for service_id in each.service_ids})
        found = await self._database.all(SQL.services, ServiceName, service_ids=ids) if ids else []
        return {service.service_id: service for service in found}

    async def procedure(self, treatment_item_id: int) -> TreatedItem:
        """One item of a treatment."""
        found = await self.procedures(ProcedureSearch(ids=[treatment_item_id]), PageRequest(1, None, b"", b""))
        if not found.items:
            raise NotFound
        return found.items[0]

    async def procedures(self, wanted: ProcedureSearch, request: PageRequest) -> Page[TreatedItem]:
        """Items of treatments, oldest first."""
        filters = [
            Filter("treatment_item_id", "any", wanted.ids),
            Filter("patient_id", "any", wanted.patient_ids),
            Filter("doctor_id", "any", wanted.doctor_ids),
            words("status", wanted.statuses),
            Filter("done_at", "gte", wanted.since),
            Filter("done_at", "lt", wanted.before),
        ]
        return await page(self._database, SQL.procedures, TreatedItem, filters, BY_ID, request)

    async def slot(self, doctor_id: int, starts_at: datetime, day: date) -> Stretch:
        """One slot, while it can be booked."""
        for free in await self._slots(doctor_id, day, day, SLOTS_A_DAY):
            if free.starts_at == starts_at:
                return free
        raise NotFound

    async def slots(
        self, doctor_id: int, since: datetime, before: datetime, last_day: date, request: PageRequest
    ) -> Page[Stretch]:
        """A doctor's bookable slots that start in [since, before), by start."""
        [after] = request.after or [None]
        first = since if after is None else max(since, after.astimezone(since.tzinfo))
        day = first.date()
        found = [
            free
            for free in await self._slots(doctor_id, day, day, SLOTS_A_DAY)
            if since <= free.starts_at and (after is None or free.starts_at > after)
        ]
        if len(found) <= request.limit and day < last_day:
            found += await self._slots(doctor_id, day + timedelta(days=1), last_day, request.limit + 1)
        wanted = [free for free in found if free.starts_at < before]
        return request.page(wanted[: request.limit + 1], lambda last: [last.starts_at])

    async def _slots(self, doctor_id: int, first_day: date, last_day: date, most: int) -> list[Stretch]:
        return await self._free_slots(Wish(first_day=first_day, last_day=last_day, doctor_ids=[doctor_id], limit=most))


def _with_names(record: Appointment) -> Appointment:
    """An appointment whose patient and doctor, which the database gives as JSON, are read."""
    record.patient = msgspec.convert(record.patient, AppointmentPatient)
    record.doctor = msgspec.convert(record.doctor, AppointmentDoctor)
    return record
