"""Reads a CSV file row by row, whatever its size."""

import csv
from collections import Counter
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from dcms.imports.mapping import Mapping, MappingError
from dcms.imports.structs import Line

if TYPE_CHECKING:
    from _csv import Reader

# of one cell; a quote that is never closed would take the rest of the file
MAX_CELL_LENGTH = 100_000


def open_source(path: Path, mapping: Mapping) -> TextIOWrapper:
    """Open a file as its mapping says. Raises MappingError."""
    # a byte that the encoding doesn't know spoils its own row only
    encoding = "utf-8-sig" if mapping.encoding.lower() in ("utf-8", "utf8") else mapping.encoding
    try:
        return path.open(encoding=encoding, errors="surrogateescape", newline="")
    except OSError as error:
        raise MappingError(f"{path}: {error.strerror}") from None


def read_lines(text: TextIOWrapper, mapping: Mapping) -> Iterator[Line]:
    """The rows after the header, without empty ones. Raises MappingError when file and mapping don't fit."""
    csv.field_size_limit(MAX_CELL_LENGTH)
    reader = csv.reader(text, delimiter=mapping.delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except (csv.Error, UnicodeError) as error:
        raise MappingError(f"the file's first line can't be read: {error}") from None
    _check_header(header, mapping)
    return _lines(reader, header, mapping)


def _check_header(header: list[str], mapping: Mapping) -> None:
    seen = Counter(header)
    missing = sorted(mapping.columns() - seen.keys())
    if missing:
        raise MappingError(f"the file has no column {', '.join(missing)}; it has: {', '.join(header) or 'none'}")
    double = sorted(name for name in mapping.columns() if seen[name] > 1)
    if double:
        raise MappingError(f"the file has the column {', '.join(double)} more than once")


def _lines(reader: "Reader", header: list[str], mapping: Mapping) -> Iterator[Line]:
    wanted = [(name, header.index(name)) for name in sorted(mapping.columns())]
    number = 1
    while True:
        number += 1
        first = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Line(number, {}, f"lines {first} to {reader.line_num} can't be read: {error}")
            continue
        except UnicodeError as error:
            raise MappingError(f"row {number} is not {mapping.encoding}: {error}") from None
        if not any(cells):
            continue
        if len(cells) != len(header):
            yield Line(number, {}, f"has {len(cells)} cells, the header {len(header)}")
        elif not _is_text(cells):
            yield Line(number, {}, f"is not {mapping.encoding}")
        else:
            yield Line(number, {name: cells[place] for name, place in wanted})


def _is_text(cells: list[str]) -> bool:
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        return False
    return True
