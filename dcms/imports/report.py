"""The report of an import: a line for each thing that is wrong with a row, in which no cell is a formula."""

import csv
from typing import TextIO

from msgspec.structs import astuple

from dcms.export.rows import inert
from dcms.imports.structs import Refusal


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
