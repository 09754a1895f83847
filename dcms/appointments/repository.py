"""Appointments in the database."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

import msgspec

from dcms.access.permissions import Permission
from dcms.appointments.structs import LONGEST, Appointment, AppointmentChanges, NewAppointment, Side, Status
from dcms.database.lists import Filter, Ordering, page
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import NotFound

SQL = queries("appointments")

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
            Filter("doctor_id", "any", self.doctor_ids),
            Filter("patient_id", "eq", self.patient_id),
            Filter("chair_id", "eq", self.chair_id),
            Filter("status", "any", self.statuses),
        ]


class AppointmentRepository:
    """Reads and writes appointments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, appointment_id: int) -> Appointment:
        """One appointment."""
        return await self._database.one(SQL.get, Appointment, appointment_id=appointment_id)

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
        return await self._database.one(SQL.book, Appointment, **msgspec.structs.asdict(new))

    async def update(
        self, appointment_id: int, changes: AppointmentChanges, permissions: Iterable[Permission]
    ) -> Appointment:
        """Change or move an appointment."""
        fields: dict[str, Any] = msgspec.to_builtins(changes)
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
        return await self._database.one(
            SQL.act,
            Appointment,
            appointment_id=appointment_id,
            action=action,
            permissions=list(permissions),
            reason=reason,
            by=by,
        )
