"""Patients in the database."""

from datetime import date
from typing import Any

import msgspec

from dcms.access.watch import ClinicFacts
from dcms.database.lists import Filter, Ordering, page
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.patients.structs import NewPatient, Patient, PatientChanges, PatientStatus
from dcms.phones.numbers import normalize, number_row
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Conflict, FieldError, Invalid

SQL = queries("patients")

NEWEST_FIRST = Ordering(("created_at", "patient_id"), descending=True)
REGISTER_NUMBER_TAKEN = Conflict("duplicate", "Another patient has this register number.", field="register_number")


class PatientRepository:
    """Reads and writes patients."""

    def __init__(self, database: Database, facts: ClinicFacts) -> None:
        self._database = database
        self._facts = facts

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
        phones = self._phones(new)
        patient = msgspec.to_builtins(new)
        del patient["phone_numbers"]
        with on_constraint("patient_register_number_unique", REGISTER_NUMBER_TAKEN):
            return await self._database.one(SQL.add, Patient, patient=patient, phones=phones)

    async def update(self, patient_id: int, changes: PatientChanges) -> Patient:
        """Change a patient."""
        with on_constraint("patient_register_number_unique", REGISTER_NUMBER_TAKEN):
            return await self._database.one(
                SQL.update, Patient, patient_id=patient_id, changes=msgspec.to_builtins(changes)
            )

    def _phones(self, new: NewPatient) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        errors: list[FieldError] = []
        for index, phone in enumerate(new.phone_numbers):
            number = normalize(phone.number, self._facts.default_region)
            if not number.is_possible:
                errors.append(FieldError(f"phone_numbers[{index}].number", f"is not a phone number: {number.reason}"))
            rows.append({**number_row(number), "label": phone.label})
        if errors:
            raise Invalid.of_fields(errors)
        return rows
