"""Calls in the database."""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET

from dcms.calls.structs import Call, CallChanges, CallStatus, ContactType, Direction, NewCall
from dcms.database.lists import Filter, Ordering, page, word, words
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.phones.numbers import number_row
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Refused

SQL = queries("calls")

NEWEST_FIRST = Ordering(("started_at", "call_id"), descending=True)
NO_EMPLOYEE = Refused("unknown_reference", "There is no such employee.", field="employee_id")


class CallFilters(msgspec.Struct, frozen=True, kw_only=True):
    """What the calls asked for have in common."""

    phone: str | None
    since: datetime | None
    until: datetime | None
    contact_types: list[ContactType] | None
    direction: Direction | None
    statuses: list[CallStatus] | None
    patient_id: int | None


class CallRepository:
    """Reads and writes calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, call_id: int) -> Call:
        """One call."""
        return await self._database.get(SQL.get, Call, call_id=call_id)

    async def find(self, wanted: CallFilters, request: PageRequest) -> Page[Call]:
        """Calls, newest first."""
        filters = [
            Filter("e164", "eq", None if wanted.phone is None else number_row(wanted.phone)["e164"]),
            Filter("started_at", "gte", wanted.since),
            Filter("started_at", "lt", wanted.until),
            words("contact_type", wanted.contact_types),
            word("direction", wanted.direction),
            words("status", wanted.statuses),
            Filter("patient_id", "eq", wanted.patient_id),
        ]
        return await page(self._database, SQL.find, Call, filters, NEWEST_FIRST, request)

    async def find_of_patient(self, patient_id: int, request: PageRequest) -> Page[Call]:
        """A patient's calls, newest first."""
        found = await page(self._database, SQL.find_of_patient, Call, [], NEWEST_FIRST, request, patient_id=patient_id)
        if not found.items:
            await self._database.one(SQL.has_patient, int, patient_id=patient_id)
        return found

    async def add(self, new: NewCall) -> Call:
        """Note a call."""
        status = new.status or ("in_progress" if new.answered_at and not new.ended_at else "completed")
        call = msgspec.to_builtins(new) | {"status": status}
        with on_constraint("call_employee_id_fkey", NO_EMPLOYEE):
            return await self._database.one(
                SQL.add, Call, call=call, number=_number(new.number), phone_number_id=new.phone_number_id
            )

    async def update(self, call_id: int, changes: CallChanges) -> Call:
        """Change a call."""
        with on_constraint("call_employee_id_fkey", NO_EMPLOYEE):
            return await self._database.one(
                SQL.update,
                Call,
                call_id=call_id,
                changes=msgspec.to_builtins(changes),
                number=_number(None if changes.number is UNSET else changes.number),
                phone_number_id=None if changes.phone_number_id is UNSET else changes.phone_number_id,
            )

    async def delete(self, call_id: int) -> None:
        """Delete a call."""
        await self._database.one(SQL.delete, int, call_id=call_id)


def _number(spelling: str | None) -> dict[str, Any]:
    """The columns of phone_number, all absent without a number."""
    return {} if spelling is None else number_row(spelling)
