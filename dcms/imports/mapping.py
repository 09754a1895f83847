"""The mapping file: which column of a CSV file says which field, and how it is written there. See docs/import.md."""

import codecs
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta

from dcms.imports.structs import Kind

FieldKind = Literal["text", "list", "day", "time", "number", "truth"]

FIELDS: dict[Kind, dict[str, FieldKind]] = {
    "patient": {
        "source_id": "text",
        "first_name": "text",
        "last_name": "text",
        "middle_name": "text",
        "birth_date": "day",
        "gender": "text",
        "email": "text",
        "address": "text",
        "note": "text",
        "alerts": "list",
        "register_number": "text",
    },
    "appointment": {
        "source_id": "text",
        "patient_source_id": "text",
        "patient_register_number": "text",
        "doctor": "text",
        "chair": "text",
        "services": "list",
        "starts_at": "time",
        "ends_at": "time",
        "duration_min": "number",
        "status": "text",
        "note": "text",
        "cancel_reason": "text",
        "cancelled_by": "text",
        "allow_overlap": "truth",
        "override_reason": "text",
    },
}
REQUIRED: dict[Kind, tuple[str, ...]] = {
    "patient": ("source_id", "first_name", "last_name"),
    "appointment": ("source_id", "doctor", "starts_at"),
}

# how a file names what an appointment refers to, and the field of its id
REFERENCES = {
    "patient_source_id": "patient_id",
    "patient_register_number": "patient_id",
    "doctor": "doctor_id",
    "chair": "chair_id",
    "services": "service_ids",
}
# what every row must say, in the columns that are mapped
NEVER_EMPTY = ("source_id", "patient_source_id", "patient_register_number", "doctor")

Word = Annotated[str, Meta(min_length=1, max_length=200)]
Words = Annotated[list[Word], Meta(min_length=1)]


class MappingError(Exception):
    """The mapping won't do, or the file doesn't fit it."""


class Columns(msgspec.Struct, forbid_unknown_fields=True):
    """Several columns that say one field, or one that says several values."""

    columns: Words
    join: str = " "
    # for lists: what stands between the values of a cell
    split: Word | None = None


class Mapping(msgspec.Struct, forbid_unknown_fields=True):
    """How a file is read."""

    # the other system: with source_id it knows a row again
    source: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$")]
    fields: dict[str, Word | Words | Columns]
    # label → column; the first one that is filled is the primary number
    phone_numbers: dict[Word, Word] = {}
    constants: dict[str, str | int | bool | list[str]] = {}
    # field → word of the file → word of the service; "" is an empty cell
    values: dict[str, dict[str, str | bool]] = {}
    encoding: str = "utf-8"
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    # none: ISO 8601
    date_formats: list[Word] = []
    time_formats: list[Word] = []
    # of times without an offset; none: the clinic's
    zone: str | None = None

    def columns_of(self, field: str) -> Columns:
        """The columns that say a field."""
        given = self.fields[field]
        if isinstance(given, Columns):
            return given
        return Columns([given] if isinstance(given, str) else given)

    def columns(self) -> set[str]:
        """Every column that is named."""
        named = {column for field in self.fields for column in self.columns_of(field).columns}
        return named | set(self.phone_numbers.values())


def load_mapping(path: Path, kind: Kind) -> Mapping:
    """Read a mapping file. Raises MappingError saying what won't do."""
    try:
        mapping = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Mapping)
    except OSError as error:
        raise MappingError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise MappingError(f"{path}: {error}") from None
    faults = list(_faults(mapping, kind))
    if faults:
        raise MappingError("\n".join(f"{path}: {fault}" for fault in faults))
    return mapping


def _faults(mapping: Mapping, kind: Kind) -> Iterable[str]:
    known = FIELDS[kind]
    said = [*mapping.fields, *mapping.constants]
    for field in [*said, *mapping.values]:
        if field not in known:
            yield f"{field} is no field of {kind}s: {', '.join(known)}"
    for field in REQUIRED[kind]:
        if field not in said:
            yield f"{field} is not mapped"
    for field in mapping.fields.keys() & mapping.constants.keys():
        yield f"{field} is both a column and a constant"
    for field in mapping.fields:
        if known.get(field) != "list" and mapping.columns_of(field).split is not None:
            yield f"{field} is one value: nothing to split"
    if "source_id" in mapping.constants:
        yield "source_id can't be the same for every row"
    if kind == "appointment":
        if ("patient_source_id" in said) == ("patient_register_number" in said):
            yield "either patient_source_id or patient_register_number says whose appointment it is"
        if mapping.phone_numbers:
            yield "phone_numbers belong to patients"
    yield from _unknown_terms(mapping)


def _unknown_terms(mapping: Mapping) -> Iterable[str]:
    try:
        if not codecs.lookup(mapping.encoding)._is_text_encoding:
            yield f"encoding {mapping.encoding} is none of text"
    except LookupError:
        yield f"encoding {mapping.encoding} is unknown"
    if mapping.delimiter in '"\r\n':
        yield "the delimiter can't be a quote or the end of a line"
    if mapping.zone is not None:
        try:
            ZoneInfo(mapping.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield f"zone {mapping.zone} is unknown"
