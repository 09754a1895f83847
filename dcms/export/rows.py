"""Patients as lines of CSV (RFC 4180), in which no cell is a formula."""

import csv
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
import msgspec

from dcms.patients.structs import Patient

FIELDS = Patient.__struct_fields__
# what makes spreadsheets compute a cell
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_PHONE = FIELDS.index("primary_phone")


class _Lines:
    """What a csv.writer writes into."""

    def __init__(self) -> None:
        self.written: list[str] = []

    def write(self, text: str) -> None:
        """Keep a line."""
        self.written.append(text)


def header() -> bytes:
    """The line that names the fields."""
    return _encode([FIELDS])


def lines(records: Iterable[asyncpg.Record | tuple[Any, ...]]) -> bytes:
    """The lines of patients' records, whose first columns are the fields: values as in JSON, arrays joined by `; `."""
    return _encode(_cells(record) for record in records)


def _cells(record: asyncpg.Record | tuple[Any, ...]) -> list[Any]:
    values = msgspec.to_builtins(record[: len(FIELDS)])
    return [inert(value) if place != _PHONE else value for place, value in enumerate(values)]


def inert(value: Any) -> Any:
    """A value as a cell that no spreadsheet computes."""
    if isinstance(value, list):
        value = "; ".join(value)
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def _encode(rows: Iterable[Sequence[Any]]) -> bytes:
    kept = _Lines()
    csv.writer(kept).writerows(rows)
    return "".join(kept.written).encode()
