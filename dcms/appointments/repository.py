"""Appointments in the database."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal

import asyncpg
import msgspec

from dcms.access.permissions import Permission
from dcms.access.watch import ClinicFacts
from dcms.appointments.structs import (
    LONGEST,
    Appointment,
    AppointmentChanges,
    Event,
    NewAppointment,
    OverlapConflict,
    Proposal,
    Resource,
    RuleWarning,
    Side,
    Status,
    Validation,
)
from dcms.database.failures import problem_of_failure
from dcms.database.lists import Filter, Ordering, one_of, page, words
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import TITLES, Conflict, NotFound

SQL = queries("appointments")

OLDEST_FIRST = Ordering(("event_id",))
BY_START = Ordering(("starts_at", "appointment_id"))
Action = Literal["confirm", "check_in", "finish", "cancel", "no_show", "reopen"]


class AppointmentFilters(msgspec.Struct, frozen=True, kw_only=True):
    """Which appointments a list shows: all that touch [from, to), of these doctors, …"""

    starts_before: datetime | None = None
    ends_after: datetime | None = None
    doctor_ids: list[int] | None = None
    patient_id: int | None = None
    chair_id: int | None = None
    statuses: list[Status] | None = None

    def conditions(self) -> list[Filter]:
        """The filters as the list's statement takes them."""
        after = self.ends_after
        return [
            Filter("starts_at", "lt", self.starts_before),
            Filter("ends_at", "gt", after),
            # none is longer; said so that the index on the start has two ends
            Filter("starts_at", "gt", after and after - LONGEST),
            one_of("doctor_id", self.doctor_ids),
            Filter("patient_id", "eq", self.patient_id),
            Filter("chair_id", "eq", self.chair_id),
            words("status", self.statuses),
        ]


class Obstacle(msgspec.Struct):
    """What stands against a booking: a rule, or an appointment."""

    code: str | None
    message: str | None
    appointment_id: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    resource: Resource | None


class AppointmentRepository:
    """Reads and writes appointments."""

    def __init__(self, database: Database, facts: ClinicFacts) -> None:
        self._database = database
        self._facts = facts

    async def get(self, appointment_id: int) -> Appointment:
        """One appointment."""
        return await self._database.get(SQL.get, Appointment, appointment_id=appointment_id)

    async def find(self, filters: AppointmentFilters, request: PageRequest) -> Page[Appointment]:
        """Appointments, by start."""
        return await page(self._database, SQL.find, Appointment, filters.conditions(), BY_START, request)

    async def find_of_patient(self, filters: AppointmentFilters, request: PageRequest) -> Page[Appointment]:
        """The appointments of a patient, by start. Raises NotFound when there is no such patient."""
        found = await self.find(filters, request)
        if not found.items and not await self._database.one(SQL.patient_exists, bool, patient_id=filters.patient_id):
            raise NotFound
        return found

    async def book(self, new: NewAppointment) -> Appointment:
        """Book an appointment."""
        with self._told_overlaps():
            return await self._database.one(SQL.book, Appointment, **msgspec.structs.asdict(new))

    async def update(
        self, appointment_id: int, changes: AppointmentChanges, permissions: Iterable[Permission]
    ) -> Appointment:
        """Change or move an appointment."""
        fields: dict[str, Any] = msgspec.to_builtins(changes)
        with self._told_overlaps():
            return await self._database.one(
                SQL.update,
                Appointment,
                appointment_id=appointment_id,
                duration_min=fields.pop("duration_min", None),
                allow_outside_hours=fields.pop("allow_outside_hours", False),
                allow_overlap=fields.pop("allow_overlap", False),
                override_reason=fields.pop("override_reason", None),
                changes=fields,
                permissions=list(permissions),
            )

    async def act(
        self,
        appointment_id: int,
        action: Action,
        permissions: Iterable[Permission],
        reason: str | None = None,
        by: Side | None = None,
    ) -> Appointment:
        """Take a step: confirm, check in, finish, cancel, note a no-show or reopen."""
        with self._told_overlaps():
            return await self._database.one(
                SQL.act,
                Appointment,
                appointment_id=appointment_id,
                action=action,
                permissions=list(permissions),
                reason=reason,
                by=by,
            )

    async def validate(self, proposal: Proposal) -> Validation:
        """What stands against a booking; nothing is written."""
        asked = msgspec.structs.asdict(proposal)
        for name in ("note", "override_reason", "allow_overlap"):
            del asked[name]
        obstacles = await self._database.all(SQL.validate, Obstacle, **asked)
        warnings = [RuleWarning(each.code, each.message or TITLES[each.code]) for each in obstacles if each.code]
        conflicts = [
            OverlapConflict(each.appointment_id, each.starts_at, each.ends_at, each.resource)
            for each in obstacles
            if each.appointment_id and each.starts_at and each.ends_at and each.resource
        ]
        is_free = all(proposal.allow_overlap and conflict.resource != "patient" for conflict in conflicts)
        return Validation(is_free and not warnings, conflicts, warnings)

    async def history(self, appointment_id: int, request: PageRequest) -> Page[Event]:
        """The steps of an appointment, oldest first."""
        found = await page(self._database, SQL.history, Event, [], OLDEST_FIRST, request, appointment_id=appointment_id)
        if not found.items:
            await self.get(appointment_id)
        for event in found.items:
            event.changes = {field: self._shown(field, values) for field, values in event.changes.items()}
        return found

    @contextmanager
    def _told_overlaps(self) -> Iterator[None]:
        """Raise the overlap that the database refuses inside, with its times in the clinic's zone."""
        try:
            with on_constraint("appointment_claim_no_overlap", Conflict("appointment_overlap", conflicts=[])):
                yield
        except asyncpg.PostgresError as error:
            problem = problem_of_failure(error)
            if not isinstance(problem, Conflict) or problem.code != "appointment_overlap":
                raise
            for conflict in problem.extra["conflicts"]:
                conflict.update({name: self._local(conflict[name]) for name in ("starts_at", "ends_at")})
            raise problem from None

    def _shown(self, field: str, values: list[Any]) -> list[Any]:
        """The values of a changed field, times in the clinic's zone."""
        return [self._local(value) for value in values] if field.endswith("_at") else values

    def _local(self, text: str) -> datetime:
        """A time that JSON brought out of the database."""
        return datetime.fromisoformat(text).astimezone(self._facts.zone)
