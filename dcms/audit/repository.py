"""The audit log in the database."""

from datetime import datetime
from typing import Any

import msgspec

from dcms.audit.structs import AuditCheck, AuditEntry, AuditFault
from dcms.database.lists import Filter, Ordering, page
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.pages import Page, PageRequest

SQL = queries("audit")

NEWEST_FIRST = Ordering(("at", "audit_id"), descending=True)

# a number with a point is an amount of money, and those are strings
_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=str)


class AuditFilters(msgspec.Struct, frozen=True):
    """What the entries asked for have in common."""

    entity: str | None
    entity_id: int | None
    patient_id: int | None
    actor_id: int | None
    action: str | None
    since: datetime | None
    until: datetime | None


class AuditRepository:
    """Reads the audit log; nobody changes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, wanted: AuditFilters, request: PageRequest) -> Page[AuditEntry]:
        """Entries, newest first."""
        filters = [
            Filter("entity", "eq", wanted.entity),
            Filter("entity_id", "eq", wanted.entity_id),
            Filter("actor_id", "eq", wanted.actor_id),
            Filter("action", "eq", wanted.action),
            Filter("at", "gte", wanted.since),
            Filter("at", "lt", wanted.until),
            # says again what the cursor says: only a plain comparison leaves out the later months
            Filter("at", "lte", request.after[0] if request.after else None),
        ]
        patient_id = wanted.patient_id
        if patient_id is None:
            found = await page(self._database, SQL.find, AuditEntry, filters, NEWEST_FIRST, request)
        else:
            found = await page(
                self._database, SQL.find_of_patient, AuditEntry, filters, NEWEST_FIRST, request, patient_id=patient_id
            )
        for entry in found.items:
            entry.before, entry.after = _fields(entry.before), _fields(entry.after)
        return found

    async def verify(self, after: int, most: int) -> AuditCheck:
        """Compare entries with their seals."""
        check = await self._database.one(SQL.verify, AuditCheck, after=after, most=most)
        check.faults = msgspec.convert(check.faults, list[AuditFault])
        return check


def _fields(text: Any) -> dict[str, Any] | None:
    return None if text is None else _decoder.decode(text)
