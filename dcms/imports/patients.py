"""Rows that are patients."""

from typing import Any

import msgspec

from dcms.access.permissions import Permission
from dcms.imports.report import refusals_of
from dcms.imports.repository import ImportRepository
from dcms.imports.structs import Entry, Kind, Record, Refusal
from dcms.patients.structs import NewPatient
from dcms.phones.numbers import number_row
from dcms.web.bodies import reader_of
from dcms.web.problems import FieldError, Invalid

READ = reader_of(NewPatient, strict=True)


class PatientRows:
    """Checks rows as the API checks a new patient, and adds them."""

    kind: Kind = "patient"
    permissions: tuple[Permission, ...] = (Permission.PATIENTS_WRITE,)

    def __init__(self, repository: ImportRepository) -> None:
        self._repository = repository

    async def check(self, records: list[Record]) -> tuple[list[Entry], list[Refusal]]:
        """The rows that may go in, and what is wrong with the others."""
        entries: list[Entry] = []
        refusals: list[Refusal] = []
        for record in records:
            errors: list[FieldError] = list(record.errors)
            new = READ(record.values, "", errors)
            if errors:
                refusals += refusals_of(record, Invalid.of_fields(only_first(errors)))
            else:
                entries.append(Entry(record, _columns(new)))
        return entries, refusals

    async def hold(self, entries: list[Entry]) -> None:
        """Nobody else has them yet."""

    async def add(self, entries: list[Entry]) -> int:
        """Add all of them or none; how many were not in yet."""
        return await self._repository.add_patients(entries)


def _columns(new: NewPatient) -> dict[str, Any]:
    fields = msgspec.to_builtins(new)
    phones = [{**number_row(phone["number"]), "label": phone["label"]} for phone in fields.pop("phone_numbers")]
    return {"fields": fields, "phones": phones}


def only_first(errors: list[FieldError]) -> list[FieldError]:
    """One error a field: what could not be read is not missing as well."""
    return list({error.field: error for error in reversed(errors)}.values())[::-1]
