"""Patients in the database."""

from typing import Any

import msgspec
from msgspec.structs import asdict, astuple

from dcms.access.callers import Caller
from dcms.access.permissions import Permission
from dcms.context import current_context
from dcms.database.codecs import localize
from dcms.database.lists import Filter, Ordering, page, statement, words
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.patients.search import parts_of
from dcms.patients.structs import (
    AddedPatient,
    Duplicate,
    NewPatient,
    Patient,
    PatientChanges,
    PatientFilter,
    PatientHit,
    PatientMatch,
)
from dcms.patients.summary import PatientSummary
from dcms.phones.numbers import number_row
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Conflict, Overtaken

SQL = queries("patients")
USERS = queries("users")

MAX_POSSIBLE_DUPLICATES = 20
NEWEST_FIRST = Ordering(("created_at", "patient_id"), descending=True)
# the same order, by the index of a doctor's patients
DOCTORS_NEWEST_FIRST = Ordering(("patient_created_at", "patient_id"), descending=True)
REGISTER_NUMBER_TAKEN = Conflict("duplicate", "Another patient has this register number.", field="register_number")
NUMBER_TWICE = Conflict("duplicate", "The same number is there twice.", field="phone_numbers")
USER_LINKED = Conflict("user_already_linked", "The login is linked to another patient.")


class PatientRepository:
    """Reads and writes patients."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, patient_id: int) -> Patient:
        """One patient."""
        return await self._database.get(SQL.get, Patient, patient_id=patient_id)

    async def summary(self, patient_id: int, caller: Caller) -> PatientSummary:
        """What a screen shows of a patient at once, as far as the caller may read it."""
        documents = await self._database.one(
            SQL.summary,
            PatientSummary,
            patient_id=patient_id,
            reads_schedule=caller.may(Permission.SCHEDULE_READ),
            reads_treatments=caller.may(Permission.TREATMENTS_READ),
            reads_billing=caller.may(Permission.BILLING_READ),
            reads_messages=caller.may(Permission.MESSAGES_READ),
            reads_calls=caller.may(Permission.CALLS_READ),
        )
        summary = msgspec.convert(asdict(documents), PatientSummary)
        localized: PatientSummary = localize(summary, current_context.get().zone)
        return localized

    async def find(self, wanted: PatientFilter, request: PageRequest) -> Page[Patient]:
        """Patients: found by a query best first, else newest first."""
        if wanted.query is not None:
            return await self._search(wanted.query, wanted, request)
        filters = _filters(wanted)
        if wanted.doctor_id is None:
            return await page(self._database, SQL.find, Patient, filters, NEWEST_FIRST, request)
        return await page(
            self._database,
            SQL.find_of_doctor,
            Patient,
            filters,
            DOCTORS_NEWEST_FIRST,
            request,
            doctor_id=wanted.doctor_id,
        )

    def whole_list(self, wanted: PatientFilter) -> tuple[str, list[Any]]:
        """The statement of a list to its end, in its order, and the statement's values."""
        if wanted.query is not None:
            return SQL.search.text, SQL.search.bind(_search_arguments(wanted.query, wanted, None))
        filters = _filters(wanted)
        if wanted.doctor_id is None:
            return statement(SQL.find, Patient, filters, NEWEST_FIRST)
        return statement(SQL.find_of_doctor, Patient, filters, DOCTORS_NEWEST_FIRST, doctor_id=wanted.doctor_id)

    async def find_ids(self, wanted: PatientFilter, limit: int) -> list[int]:
        """The ids of the first patients of a list, in its order."""
        found = await self.find(wanted, PageRequest(limit, None, b"", b""))
        return [patient.patient_id for patient in found.items]

    async def _search(self, query: str, wanted: PatientFilter, request: PageRequest) -> Page[Patient]:
        arguments = _search_arguments(query, wanted, request.limit + 1, *(request.after or ()))
        hits = await self._database.all(SQL.search, PatientHit, **arguments)
        found = request.page(hits, lambda last: [last.score, last.patient_id])
        return Page([Patient(*astuple(hit)[:-1]) for hit in found.items], found.next_cursor)

    async def duplicates(self, patient_id: int, request: PageRequest) -> Page[Duplicate]:
        """Who is likely the same person, best first."""
        after_score, after_id = request.after or (None, None)
        matches = await self._database.all(
            SQL.duplicates,
            PatientMatch,
            patient_id=patient_id,
            after_score=after_score,
            after_id=after_id,
            limit=request.limit + 1,
        )
        if not matches:
            await self.get(patient_id)
        found = request.page(matches, lambda last: [last.score, last.patient_id])
        return Page([_duplicate(match) for match in found.items], found.next_cursor)

    async def add(self, new: NewPatient) -> AddedPatient:
        """Add a patient with his numbers."""
        fields = msgspec.to_builtins(new)
        phones = [{**number_row(phone["number"]), "label": phone["label"]} for phone in fields.pop("phone_numbers")]
        # a number that the server chose and another request took is chosen anew
        taken = REGISTER_NUMBER_TAKEN if new.register_number else Overtaken()
        with (
            on_constraint("patient_register_number_unique", taken),
            on_constraint("patient_phone_number_unique", NUMBER_TWICE),
        ):
            async with self._database.transaction():
                patient = await self._database.one(SQL.add, Patient, patient=fields, phones=phones)
                matches = await self._database.all(
                    SQL.duplicates,
                    PatientMatch,
                    patient_id=patient.patient_id,
                    after_score=None,
                    after_id=None,
                    limit=MAX_POSSIBLE_DUPLICATES,
                )
        return AddedPatient(**asdict(patient), possible_duplicates=[_duplicate(match) for match in matches])

    async def update(self, patient_id: int, changes: PatientChanges) -> Patient:
        """Change a patient."""
        with on_constraint("patient_register_number_unique", REGISTER_NUMBER_TAKEN):
            return await self._database.one(
                SQL.update, Patient, patient_id=patient_id, changes=msgspec.to_builtins(changes)
            )

    async def archive(self, patient_id: int, cancel_future: bool) -> Patient:
        """Archive a patient; his future appointments stand against it unless they are to be cancelled."""
        async with self._database.transaction():
            await self._database.one(SQL.lock, int, patient_id=patient_id)
            await self._database.one(SQL.archive, int, patient_id=patient_id, cancel_future=cancel_future)
            return await self.get(patient_id)

    async def restore(self, patient_id: int) -> Patient:
        """Take a patient out of the archive."""
        async with self._database.transaction():
            await self._database.one(SQL.restore, int, patient_id=patient_id)
            return await self.get(patient_id)

    async def link_user(self, patient_id: int, user_id: int) -> Patient:
        """Link a patient to a patient's login, which then sees his record."""
        async with self._database.transaction():
            roles = await self._database.one(USERS.lock_roles, list, user_id=user_id)
            with on_constraint("patient_user_unique", USER_LINKED):
                await self._database.one(SQL.link_user, int, patient_id=patient_id, user_id=user_id, roles=roles)
            return await self.get(patient_id)

    async def unlink_user(self, patient_id: int) -> Patient:
        """Take the login from a patient."""
        async with self._database.transaction():
            await self._database.one(SQL.unlink_user, int, patient_id=patient_id)
            return await self.get(patient_id)


def _filters(wanted: PatientFilter) -> list[Filter]:
    return [words("status", wanted.status), Filter("birth_date", "eq", wanted.born)]


def _search_arguments(
    query: str, wanted: PatientFilter, limit: int | None, after_score: int | None = None, after_id: int | None = None
) -> dict[str, Any]:
    return {
        "parts": parts_of(query, current_context.get().default_region),
        "status": wanted.status,
        "born": wanted.born,
        "doctor_id": wanted.doctor_id,
        "after_score": after_score,
        "after_id": after_id,
        "limit": limit,
    }


def _duplicate(match: PatientMatch) -> Duplicate:
    *fields, score, reasons = astuple(match)
    return Duplicate(Patient(*fields), score, reasons)
