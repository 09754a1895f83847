"""Rows that are appointments."""

from collections import defaultdict
from typing import Any

from msgspec.structs import asdict

from dcms.access.permissions import Permission
from dcms.imports.mapping import REFERENCES
from dcms.imports.patients import only_first
from dcms.imports.report import refusals_of
from dcms.imports.repository import ImportRepository
from dcms.imports.structs import Entry, ImportedAppointment, Kind, Record, Refusal, Resource
from dcms.web.bodies import reader_of
from dcms.web.problems import FieldError, Invalid, Refused

READ = reader_of(ImportedAppointment, strict=True)


class AppointmentRows:
    """Checks rows as the API checks a booking, but for notice, horizon and hours, and adds them."""

    kind: Kind = "appointment"
    # as they lift what only this permission lifts
    permissions: tuple[Permission, ...] = (Permission.SCHEDULE_WRITE, Permission.SCHEDULE_OVERRIDE)

    def __init__(self, repository: ImportRepository) -> None:
        self._repository = repository

    async def check(self, records: list[Record]) -> tuple[list[Entry], list[Refusal]]:
        """The rows that may go in, and what is wrong with the others."""
        book = await self._address_book(records)
        entries: list[Entry] = []
        refusals: list[Refusal] = []
        for record in records:
            fields = dict(record.values)
            unknown = _resolve(fields, book)
            errors = list(record.errors)
            new = READ(fields, "", errors)
            named = {REFERENCES.get(error.field) for error in [*unknown, *record.errors]}
            errors = only_first([error for error in errors if error.field not in named])
            if unknown:
                problem = Refused("unknown_reference")
                problem.errors = unknown
                refusals += refusals_of(record, problem)
            if errors:
                refusals += refusals_of(record, Invalid.of_fields(errors))
            if not unknown and not errors:
                entries.append(Entry(record, _columns(new)))
        return entries, refusals

    async def hold(self, entries: list[Entry]) -> None:
        """Hold patients, doctors and chairs, as bookings do."""
        await self._repository.hold(entries)

    async def add(self, entries: list[Entry]) -> int:
        """Add all of them or none; how many were not in yet."""
        return await self._repository.add_appointments(entries)

    async def _address_book(self, records: list[Record]) -> "AddressBook":
        def said(field: str) -> list[str]:
            return sorted({record.values[field] for record in records if field in record.values})

        return {
            "patient_source_id": await self._repository.patients_of_source(said("patient_source_id")),
            "patient_register_number": await self._repository.patients_of_register(said("patient_register_number")),
            **_resources(await self._repository.resources()),
        }


AddressBook = dict[str, dict[str, int]]
# several are called so
AMBIGUOUS = 0


def _resources(resources: list[Resource]) -> AddressBook:
    """Each name's one id: of several the active one, if that is one."""
    named: dict[str, dict[str, list[Resource]]] = {"doctor": defaultdict(list), "chair": {}, "services": {}}
    for resource in resources:
        kind = "services" if resource.kind == "service" else resource.kind
        named[kind].setdefault(resource.name, []).append(resource)
    return {kind: {name: _one(found) for name, found in names.items()} for kind, names in named.items()}


def _one(found: list[Resource]) -> int:
    active = [resource for resource in found if resource.is_active] or found
    return active[0].id if len(active) == 1 else AMBIGUOUS


def _resolve(fields: dict[str, Any], book: AddressBook) -> list[FieldError]:
    """Put ids in the place of names; what is unknown."""
    unknown: list[FieldError] = []
    for field, id_field in REFERENCES.items():
        if field not in fields:
            continue
        given = fields.pop(field)
        names = given if isinstance(given, list) else [given]
        keys = names if field.startswith("patient") else [name.lower() for name in names]
        ids = [book[field].get(key) for key in keys]
        if None in ids:
            unknown.append(FieldError(field, f"there is no {names[ids.index(None)]}"))
        elif AMBIGUOUS in ids:
            unknown.append(FieldError(field, f"there is more than one {names[ids.index(AMBIGUOUS)]}: name the email"))
        else:
            fields[id_field] = ids if id_field == "service_ids" else ids[0]
    return unknown


def _columns(new: ImportedAppointment) -> dict[str, Any]:
    fields = asdict(new)
    fields["asked_end"] = fields.pop("ends_at")
    if new.status == "cancelled":
        fields["cancelled_by"] = new.cancelled_by or "clinic"
    del fields["allow_outside_hours"]
    return fields
