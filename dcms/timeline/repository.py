"""A patient's timeline in the database."""

from collections.abc import Sequence
from datetime import datetime

from dcms.access.callers import Caller
from dcms.access.permissions import Permission
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.patients.repository import PatientRepository
from dcms.timeline.structs import Kind, TimelineEntry
from dcms.web.pages import Page, PageRequest

SQL = queries("timeline")

READERS: dict[Kind, Permission] = {
    "appointment": Permission.SCHEDULE_READ,
    "treatment": Permission.TREATMENTS_READ,
    "message": Permission.MESSAGES_READ,
    "call": Permission.CALLS_READ,
    "invoice": Permission.BILLING_READ,
    "payment": Permission.BILLING_READ,
}


class TimelineRepository:
    """Reads timelines."""

    def __init__(self, database: Database, patients: PatientRepository) -> None:
        self._database = database
        self._patients = patients

    async def find(
        self,
        caller: Caller,
        patient_id: int,
        since: datetime | None,
        until: datetime | None,
        kinds: Sequence[Kind] | None,
        request: PageRequest,
    ) -> Page[TimelineEntry]:
        """What happened with a patient, of the kinds that the caller may read."""
        after = request.after or [None, None, None]
        entries = await self._database.all(
            SQL.find,
            TimelineEntry,
            patient_id=patient_id,
            kinds=[kind for kind in kinds or READERS if caller.may(READERS[kind])],
            starts_at=since,
            ends_at=until,
            after_at=after[0],
            after_kind=after[1],
            after_id=after[2],
            limit=request.limit + 1,
        )
        if not entries:
            # nothing happened with him, or there is no such patient
            await self._patients.get(patient_id)
        return request.page(entries, lambda last: [last.at, last.kind, last.id])
