"""The endpoints of appointments."""

from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from dcms.access.permissions import Permission
from dcms.appointments.repository import AppointmentFilters, AppointmentRepository
from dcms.appointments.structs import (
    Appointment,
    AppointmentChanges,
    Cancellation,
    Event,
    NewAppointment,
    Proposal,
    Reopening,
    Status,
    Validation,
)
from dcms.web.answers import created
from dcms.web.fields import FromInstant, Id, PathId, ToInstant
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.problems import Forbidden
from dcms.web.requests import ApiRequest


class AppointmentController(Controller):
    """Appointments and their steps."""

    path = "/appointments"
    tags = ("appointments",)

    @get("/", permission=Permission.SCHEDULE_READ, open_to_patients=True, may_be_stale=True)
    async def list_appointments(
        self,
        request: ApiRequest,
        appointments: NamedDependency[AppointmentRepository],
        starts_after: FromInstant = None,
        ends_before: ToInstant = None,
        doctor_id: FromQuery[list[Id] | None] = None,
        patient_id: FromQuery[Id | None] = None,
        chair_id: FromQuery[Id | None] = None,
        status: FromQuery[list[Status] | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Appointment]:
        """List the appointments that touch [from, to), by start, then id."""
        filters = AppointmentFilters(
            ends_after=starts_after,
            starts_before=ends_before,
            doctor_ids=doctor_id,
            patient_id=patient_id,
            chair_id=chair_id,
            statuses=status,
        )
        return await appointments.find(filters, request.page(limit, cursor))

    @post("/", permission=Permission.SCHEDULE_WRITE)
    async def book_appointment(
        self,
        request: ApiRequest,
        appointments: NamedDependency[AppointmentRepository],
        data: JSONBody[NewAppointment],
    ) -> Response[Appointment]:
        """Book an appointment.

        Without an end or a length it takes as long as its services, else the clinic's usual slot. What overlaps another
        active appointment of the doctor (with the buffer), the patient or the chair is 409 `appointment_overlap` with
        `conflicts`; what the clinic's rules forbid is 422.
        """
        check_overrides(request, data)
        appointment = await appointments.book(data)
        return created(appointment, f"/appointments/{appointment.appointment_id}")

    @post("/validate_no_overlap", permission=Permission.SCHEDULE_READ, status_code=200)
    async def validate_no_overlap(
        self,
        request: ApiRequest,
        appointments: NamedDependency[AppointmentRepository],
        data: JSONBody[Proposal],
    ) -> Validation:
        """Say whether a booking would go through, and what stands against it; nothing is written.

        `conflicts` are the appointments it overlaps, `warnings` the clinic's rules that it breaks.
        """
        check_overrides(request, data)
        return await appointments.validate(data)

    @get("/{appointment_id:int}", permission=Permission.SCHEDULE_READ, open_to_patients=True)
    async def get_appointment(
        self, appointments: NamedDependency[AppointmentRepository], appointment_id: PathId
    ) -> Appointment:
        """Show one appointment."""
        return await appointments.get(appointment_id)

    @patch("/{appointment_id:int}", permission=Permission.SCHEDULE_WRITE)
    async def update_appointment(
        self,
        request: ApiRequest,
        appointments: NamedDependency[AppointmentRepository],
        appointment_id: PathId,
        data: JSONBody[AppointmentChanges],
    ) -> Appointment:
        """Change or move an appointment: what is absent stays, null clears.

        `starts_at` alone keeps the length. The rules of booking are asked about what changes. Of an ended one only the
        note can change.
        """
        check_overrides(request, data)
        return await appointments.update(appointment_id, data, request.caller.permissions)

    @post("/{appointment_id:int}/confirm", permission=Permission.SCHEDULE_WRITE, status_code=200)
    async def confirm_appointment(
        self, request: ApiRequest, appointments: NamedDependency[AppointmentRepository], appointment_id: PathId
    ) -> Appointment:
        """Note that the patient will come: booked → confirmed."""
        return await appointments.act(appointment_id, "confirm", request.caller.permissions)

    @post("/{appointment_id:int}/check_in", permission=Permission.SCHEDULE_WRITE, status_code=200)
    async def check_in_appointment(
        self, request: ApiRequest, appointments: NamedDependency[AppointmentRepository], appointment_id: PathId
    ) -> Appointment:
        """Note that the patient came: booked or confirmed → came."""
        return await appointments.act(appointment_id, "check_in", request.caller.permissions)

    @post("/{appointment_id:int}/finish", permission=Permission.SCHEDULE_WRITE, status_code=200)
    async def finish_appointment(
        self, request: ApiRequest, appointments: NamedDependency[AppointmentRepository], appointment_id: PathId
    ) -> Appointment:
        """Note that it is done: came → finished."""
        return await appointments.act(appointment_id, "finish", request.caller.permissions)

    @post("/{appointment_id:int}/no_show", permission=Permission.SCHEDULE_WRITE, status_code=200)
    async def mark_no_show(
        self, request: ApiRequest, appointments: NamedDependency[AppointmentRepository], appointment_id: PathId
    ) -> Appointment:
        """Note that the patient stayed away: booked or confirmed → no_show. Its time is free again."""
        return await appointments.act(appointment_id, "no_show", request.caller.permissions)

    @post("/{appointment_id:int}/cancel", permission=Permission.SCHEDULE_WRITE, status_code=200)
    async def cancel_appointment(
        self,
        request: ApiRequest,
        appointments: NamedDependency[AppointmentRepository],
        appointment_id: PathId,
        data: JSONBody[Cancellation | None] = None,
    ) -> Appointment:
        """Cancel an appointment that has not ended. Its time is free again at once."""
        given = data or Cancellation()
        return await appointments.act(appointment_id, "cancel", request.caller.permissions, given.reason, given.by)

    @post("/{appointment_id:int}/reopen", permission=Permission.SCHEDULE_OVERRIDE, status_code=200)
    async def reopen_appointment(
        self,
        request: ApiRequest,
        appointments: NamedDependency[AppointmentRepository],
        appointment_id: PathId,
        data: JSONBody[Reopening],
    ) -> Appointment:
        """Put a wrongly ended appointment back to booked, if its time is still free."""
        return await appointments.act(appointment_id, "reopen", request.caller.permissions, data.reason)

    @get("/{appointment_id:int}/history", permission=Permission.SCHEDULE_READ, may_be_stale=True)
    async def list_appointment_history(
        self,
        request: ApiRequest,
        appointments: NamedDependency[AppointmentRepository],
        appointment_id: PathId,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Event]:
        """List the steps of an appointment, oldest first."""
        return await appointments.history(appointment_id, request.page(limit, cursor))


class PatientAppointmentController(Controller):
    """The appointments of one patient."""

    path = "/patients/{patient_id:int}/appointments"
    tags = ("appointments",)

    @get("/", permission=Permission.SCHEDULE_READ, open_to_patients=True, may_be_stale=True)
    async def list_patient_appointments(
        self,
        request: ApiRequest,
        appointments: NamedDependency[AppointmentRepository],
        patient_id: PathId,
        starts_after: FromInstant = None,
        ends_before: ToInstant = None,
        doctor_id: FromQuery[list[Id] | None] = None,
        status: FromQuery[list[Status] | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Appointment]:
        """List a patient's appointments that touch [from, to), by start, then id."""
        filters = AppointmentFilters(
            ends_after=starts_after,
            starts_before=ends_before,
            doctor_ids=doctor_id,
            patient_id=patient_id,
            statuses=status,
        )
        return await appointments.find_of_patient(filters, request.page(limit, cursor))


def check_overrides(request: ApiRequest, asked: NewAppointment | AppointmentChanges) -> None:
    """Raise Forbidden when a rule is to be lifted by one who may not."""
    if (asked.allow_overlap or asked.allow_outside_hours) and not request.caller.may(Permission.SCHEDULE_OVERRIDE):
        raise Forbidden(detail="Lifting the rules of booking needs schedule.override.")
