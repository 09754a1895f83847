"""Patients in the database."""

from datetime import date

import msgspec

from dcms.database.lists import Filter, Ordering, page
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.patients.structs import NewPatient, Patient, PatientChanges, PatientStatus
from dcms.phones.numbers import number_row
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Conflict, Overtaken

SQL = queries("patients")

NEWEST_FIRST = Ordering(("created_at", "patient_id"), descending=True)
REGISTER_NUMBER_TAKEN = Conflict("duplicate", "Another patient has this register number.", field="register_number")
NUMBER_TWICE = Conflict("duplicate", "The same number is there twice.", field="phone_numbers")
USER_LINKED = Conflict("user_already_linked", "The login is linked to another patient.")


class PatientRepository:
    """Reads and writes patients."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, patient_id: int) -> Patient:
        """One patient."""
        return await self._database.one(SQL.get, Patient, patient_id=patient_id)

    async def find(self, status: list[PatientStatus] | None, born: date | None, request: PageRequest) -> Page[Patient]:
        """Patients, newest first."""
        filters = [
            Filter("status", "any", status or ["active", "archived"]),
            Filter("birth_date", "eq", born),
        ]
        return await page(self._database, SQL.find, Patient, filters, NEWEST_FIRST, request)

    async def add(self, new: NewPatient) -> Patient:
        """Add a patient with his numbers."""
        patient = msgspec.to_builtins(new)
        phones = [{**number_row(phone["number"]), "label": phone["label"]} for phone in patient.pop("phone_numbers")]
        # a number that the server chose and another request took is chosen anew
        taken = REGISTER_NUMBER_TAKEN if new.register_number else Overtaken()
        with (
            on_constraint("patient_register_number_unique", taken),
            on_constraint("patient_phone_number_unique", NUMBER_TWICE),
        ):
            return await self._database.one(SQL.add, Patient, patient=patient, phones=phones)

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
            roles = await self._database.one(SQL.lock_user, list, user_id=user_id)
            with on_constraint("patient_user_unique", USER_LINKED):
                await self._database.one(SQL.link_user, int, patient_id=patient_id, user_id=user_id, roles=roles)
            return await self.get(patient_id)

    async def unlink_user(self, patient_id: int) -> Patient:
        """Take the login from a patient."""
        async with self._database.transaction():
            await self._database.one(SQL.unlink_user, int, patient_id=patient_id)
            return await self.get(patient_id)
