"""The report of an import: a line for each thing that is wrong with a row, in which no cell is a formula."""

import csv
from datetime import datetime
from typing import Any, TextIO

from msgspec.structs import astuple

from dcms.export.rows import inert
from dcms.imports.mapping import REFERENCES
from dcms.imports.structs import Record, Refusal
from dcms.web.problems import TITLES, FieldError, Problem


def refusals_of(record: Record, problem: Problem) -> list[Refusal]:
    """A problem as lines of the report."""
    errors = problem.errors or [FieldError("", problem.detail or TITLES[problem.code])]
    told = _told(problem.extra.get("conflicts") or [])
    return [
        Refusal(record.row, record.source_id, problem.code, _named(each.field, record), each.message + told)
        for each in errors
    ]


def _named(field: str, record: Record) -> str:
    """A field as the mapping calls it."""
    return next((name for name, of in REFERENCES.items() if of == field and name in record.values), field)


def _told(conflicts: list[dict[str, Any]]) -> str:
    """What an appointment overlaps."""
    parts = [
        f"{conflict['resource']} of appointment {conflict['appointment_id']} at "
        f"{datetime.fromisoformat(conflict['starts_at']).isoformat(timespec='minutes')}"
        for conflict in conflicts
    ]
    return ": " + ", ".join(parts) if parts else ""


class Report:
    """Writes refusals as they come."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._writer = csv.writer(file)
        self._writer.writerow(Refusal.__struct_fields__)

    def add(self, refusals: list[Refusal]) -> None:
        """Write lines, in the order of the rows."""
        for refusal in sorted(refusals, key=lambda each: each.row):
            self._writer.writerow([inert(value) for value in astuple(refusal)])
        self._file.flush()
