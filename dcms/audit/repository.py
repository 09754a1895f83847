"""The audit log in the database."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from dcms.audit.structs import AuditCheck, AuditEntry, AuditFault
from dcms.database.lists import Filter, Ordering, page, word
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.pages import Page, PageRequest

SQL = queries("audit")

NEWEST_FIRST = Ordering(("at", "audit_id"), descending=True)
LOOK_BACK = timedelta(days=31)

_WORD = re.compile("[a-z_]{1,63}")
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
        if wanted.patient_id is None and wanted.since is None:
            # there is a partition for each month: most pages are full before the older ones are asked
            place = request.after[0] if request.after else datetime.now(UTC)
            found = await self._page(wanted, place - LOOK_BACK, request)
            if found.next_cursor is None:
                found = await self._page(wanted, None, request)
        else:
            found = await self._page(wanted, wanted.since, request)
        for entry in found.items:
            entry.before, entry.after = _fields(entry.before), _fields(entry.after)
        return found

    async def _page(self, wanted: AuditFilters, since: datetime | None, request: PageRequest) -> Page[AuditEntry]:
        filters = [
            _word("entity", wanted.entity),
            Filter("entity_id", "eq", wanted.entity_id),
            Filter("actor_id", "eq", wanted.actor_id),
            _word("action", wanted.action),
            Filter("at", "lt", wanted.until),
            # says again what the cursor says: only a plain comparison leaves out the later months
            Filter("at", "lte", request.after[0] if request.after else None),
        ]
        if wanted.patient_id is None:
            filters.append(Filter("at", "gte", since))
            return await page(self._database, SQL.find, AuditEntry, filters, NEWEST_FIRST, request)
        return await page(
            self._database,
            SQL.find_of_patient,
            AuditEntry,
            filters,
            NEWEST_FIRST,
            request,
            patient_id=wanted.patient_id,
            since=since,
        )

    async def verify(self, after: int, most: int) -> AuditCheck:
        """Compare entries with their seals."""
        check = await self._database.one(SQL.verify, AuditCheck, after=after, most=most)
        check.faults = msgspec.convert(check.faults, list[AuditFault])
        return check


def _word(column: str, value: str | None) -> Filter:
    # nothing else is in these columns, but it may be asked for
    return word(column, value) if value is None or _WORD.fullmatch(value) else Filter(column, "eq", value)


def _fields(text: Any) -> dict[str, Any] | None:
    return None if text is None else _decoder.decode(text)
