"""The endpoints of Appointment, Schedule and Slot."""

from datetime import datetime, timedelta
from typing import Annotated

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from dcms.access.permissions import Permission
from dcms.availability.controller import MAX_DAYS
from dcms.fhir import appointments, examples, slots
from dcms.fhir.answers import (
    ById,
    Count,
    Format,
    NextPage,
    base_of,
    bundle_answer,
    check_own,
    fhir_page,
    note_patients,
    resource_answer,
)
from dcms.fhir.appointments import appointment
from dcms.fhir.controller import TERMS, ByDate, ByPatient, ByStatus
from dcms.fhir.elements import BASE
from dcms.fhir.practitioners import schedule
from dcms.fhir.repository import AppointmentSearch, FhirRepository
from dcms.fhir.searching import codes, ids_named, ids_of, instants_between, references
from dcms.fhir.slots import read_slot_id, slot
from dcms.web.fields import PathId
from dcms.web.pages import DEFAULT_LIMIT
from dcms.web.problems import Invalid, NotFound
from dcms.web.requests import ApiRequest

ByActor = Annotated[
    str | None, QueryParameter(name="actor", description="`Patient/1` or `Practitioner/1`; commas mean or.")
]
ByPractitioner = Annotated[str | None, QueryParameter(name="practitioner", description="`Practitioner/1`, or `1`.")]
ByScheduleActor = Annotated[str | None, QueryParameter(name="actor", description="`Practitioner/1`, or `1`.")]
OfSchedule = Annotated[str, QueryParameter(name="schedule", description="`Schedule/1`, or `1`.")]
ByStart = Annotated[
    list[str] | None,
    QueryParameter(name="start", description="A date or a time, after eq, ge, gt, sa, le, lt or eb; several narrow."),
]
SlotId = Annotated[str, PathParameter(description="The schedule and the start in UTC: `7-20261123T080000Z`.")]


class FhirDiaryController(Controller):
    """Appointments, and the time that can be booked, as FHIR."""

    path = BASE
    tags = ("fhir",)

    @get(
        "/Appointment/{appointment_id:int}",
        permission=Permission.SCHEDULE_READ,
        open_to_patients=True,
        example=examples.APPOINTMENT,
        **TERMS,
    )
    async def read_fhir_appointment(
        self, request: ApiRequest, fhir: NamedDependency[FhirRepository], appointment_id: PathId, form: Format = None
    ) -> Response[bytes]:
        """Show an appointment as an Appointment."""
        record = await fhir.appointment(appointment_id)
        return resource_answer(appointment(record, await fhir.service_names([record]), base_of(request)))

    @get(
        "/Appointment",
        permission=Permission.SCHEDULE_READ,
        open_to_patients=True,
        example=examples.bundle("Appointment"),
        **TERMS,
    )
    async def search_fhir_appointments(
        self,
        request: ApiRequest,
        fhir: NamedDependency[FhirRepository],
        ids: ById = None,
        of_patient: ByPatient = None,
        practitioner: ByPractitioner = None,
        actor: ByActor = None,
        date: ByDate = None,
        status: ByStatus = None,
        count: Count = DEFAULT_LIMIT,
        cursor: NextPage = None,
        form: Format = None,
    ) -> Response[bytes]:
        """Search appointments, by start; `date` is the start, and `actor` a patient or a practitioner."""
        base = base_of(request)
        actors = references("actor", actor, base, "Patient", "Practitioner") or {}
        if len(actors) > 1:
            raise Invalid.of("actor", "must name patients or practitioners, not both")
        patient_ids = _meet(ids_named("patient", of_patient, base, "Patient"), actors.get("Patient"))
        doctor_ids = _meet(ids_named("practitioner", practitioner, base, "Practitioner"), actors.get("Practitioner"))
        check_own(request, patient_ids)
        wanted = codes("status", status, appointments.KNOWN_STATUSES)
        since, before = instants_between("date", date, request.context.zone)
        search = AppointmentSearch(
            ids=ids_of(ids),
            patient_ids=patient_ids,
            doctor_ids=doctor_ids,
            statuses=None if wanted is None else appointments.statuses_of(wanted),
            since=since,
            before=before,
        )
        found = await fhir.appointments(search, fhir_page(request, count, cursor))
        services = await fhir.service_names(found.items)
        note_patients(request, patient_ids)
        return bundle_answer(
            request, [appointment(record, services, base) for record in found.items], found.next_cursor
        )

    @get("/Schedule/{employee_id:int}", permission=Permission.SCHEDULE_READ, example=examples.SCHEDULE, **TERMS)
    async def read_fhir_schedule(
        self, fhir: NamedDependency[FhirRepository], employee_id: PathId, form: Format = None
    ) -> Response[bytes]:
        """Show a doctor's diary as a Schedule; it has the doctor's id."""
        record = await fhir.employee(employee_id)
        if not record.is_bookable:
            raise NotFound
        return resource_answer(schedule(record))

    @get("/Schedule", permission=Permission.SCHEDULE_READ, example=examples.bundle("Schedule"), **TERMS)
    async def search_fhir_schedules(
        self,
        request: ApiRequest,
        fhir: NamedDependency[FhirRepository],
        ids: ById = None,
        actor: ByScheduleActor = None,
        count: Count = DEFAULT_LIMIT,
        cursor: NextPage = None,
        form: Format = None,
    ) -> Response[bytes]:
        """Search doctors' diaries, by the doctor's name. Those of archived doctors aren't active."""
        wanted = _meet(ids_of(ids), ids_named("actor", actor, base_of(request), "Practitioner"))
        found = await fhir.employees(wanted, None, True, fhir_page(request, count, cursor))
        return bundle_answer(request, [schedule(record) for record in found.items], found.next_cursor)

    @get(
        "/Slot/{slot_id:str}",
        permission=Permission.SCHEDULE_READ,
        open_to_patients=True,
        example=examples.SLOT,
        **TERMS,
    )
    async def read_fhir_slot(
        self, request: ApiRequest, fhir: NamedDependency[FhirRepository], slot_id: SlotId, form: Format = None
    ) -> Response[bytes]:
        """Show a Slot, as long as it can be booked; then it is 404."""
        named = read_slot_id(slot_id)
        if named is None:
            raise NotFound
        doctor_id, starts_at = named
        day = starts_at.astimezone(request.context.zone).date()
        return resource_answer(slot(await fhir.slot(doctor_id, starts_at, day)))

    @get("/Slot", permission=Permission.SCHEDULE_READ, open_to_patients=True, example=examples.bundle("Slot"), **TERMS)
    async def search_fhir_slots(
        self,
        request: ApiRequest,
        fhir: NamedDependency[FhirRepository],
        of_schedule: OfSchedule,
        start: ByStart = None,
        status: ByStatus = None,
        count: Count = DEFAULT_LIMIT,
        cursor: NextPage = None,
        form: Format = None,
    ) -> Response[bytes]:
        """Search the slots of one schedule that can be booked, by start: of 62 days, from now on by default."""
        schedules = ids_named("schedule", of_schedule, base_of(request), "Schedule") or []
        if len(schedules) != 1:
            raise Invalid.of("schedule", "must name one schedule")
        wanted = codes("status", status, slots.KNOWN_STATUSES)
        since, before = _window(request, start)
        page = fhir_page(request, count, cursor)
        if since >= before or (wanted is not None and slots.FREE not in wanted):
            return bundle_answer(request, [], None)
        last_day = (before - timedelta(microseconds=1)).date()
        found = await fhir.slots(schedules[0], since, before, last_day, page)
        return bundle_answer(request, [slot(free) for free in found.items], found.next_cursor)


def _meet(first: list[int] | None, second: list[int] | None) -> list[int] | None:
    """The ids that two parameters allow; None when neither says anything."""
    if first is None or second is None:
        return first if second is None else second
    return [each for each in first if each in second]


def _window(request: ApiRequest, start: list[str] | None) -> tuple[datetime, datetime]:
    """The instants that are asked for, in the clinic's zone. Raises Invalid for too many days."""
    zone = request.context.zone
    since, before = instants_between("start", start, zone)
    first = max(since or datetime.now(zone), datetime.now(zone)).astimezone(zone)
    if before is None:
        return first, first + timedelta(days=MAX_DAYS - 1)
    if before - first > timedelta(days=MAX_DAYS):
        raise Invalid.of("start", f"must lie within {MAX_DAYS} days")
    return first, before.astimezone(zone)
