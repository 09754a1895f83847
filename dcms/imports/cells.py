"""What the cells of a row say, as a body of the API would."""

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import msgspec

from dcms.imports.mapping import FIELDS, NEVER_EMPTY, FieldKind, Mapping
from dcms.imports.structs import Kind, Line, Record
from dcms.web.bodies import WHOLE_NUMBER, clean
from dcms.web.problems import FieldError

MAX_SOURCE_ID_LENGTH = 200
TRUTH = {"true": True, "1": True, "false": False, "0": False}


class RowReader:
    """Reads the rows of a file as its mapping says."""

    def __init__(self, mapping: Mapping, kind: Kind, zone: tzinfo) -> None:
        self._mapping = mapping
        self._kinds = FIELDS[kind]
        self._zone = zone
        self._words = {
            field: {_key(word): meaning for word, meaning in words.items()} for field, words in mapping.values.items()
        }
        self._convert: dict[FieldKind, Callable[[str], Any]] = {
            "text": str,
            "list": str,
            "day": self._day,
            "time": self._time,
            "number": _number,
            "truth": _truth,
        }

    def source_id(self, line: Line) -> str:
        """The row's id in the other system; empty when it has none."""
        try:
            return "" if line.fault else self._text("source_id", line.cells)
        except ValueError:
            return ""

    def read(self, line: Line) -> Record:
        """The fields that a row says, and what of them can't be read."""
        values: dict[str, Any] = dict(self._mapping.constants)
        errors: list[FieldError] = []
        for field in self._mapping.fields:
            try:
                value = self._value(field, line.cells)
            except ValueError as error:
                errors.append(FieldError(field, str(error)))
                continue
            if value not in ("", []):
                values[field] = value
        numbers = [
            {"number": number, "label": label}
            for label, column in self._mapping.phone_numbers.items()
            if (number := line.cells[column].strip())
        ]
        if numbers:
            values["phone_numbers"] = numbers
        said = {*values, *(error.field for error in errors)}
        errors += [
            FieldError(field, "is required")
            for field in NEVER_EMPTY
            if field in self._mapping.fields and field not in said
        ]
        source_id = values.pop("source_id", "")
        if len(source_id) > MAX_SOURCE_ID_LENGTH:
            errors.append(FieldError("source_id", "is too long"))
        # of what can't be read the errors stand for what it says
        content = msgspec.json.encode([values, errors], order="deterministic")
        return Record(line.number, source_id, values, errors, hashlib.sha256(content).hexdigest())

    def _value(self, field: str, cells: dict[str, str]) -> Any:
        kind = self._kinds[field]
        if kind != "list":
            return self._meaning(field, self._text(field, cells), kind)
        columns = self._mapping.columns_of(field)
        parts = [
            part.strip()
            for column in columns.columns
            for part in (cells[column].split(columns.split) if columns.split else [cells[column]])
        ]
        return [meaning for part in parts if (meaning := self._meaning(field, part, kind)) != ""]

    def _text(self, field: str, cells: dict[str, str]) -> str:
        columns = self._mapping.columns_of(field)
        parts = [cells[column].strip() for column in columns.columns]
        if self._kinds[field] in ("day", "time") and not all(parts):
            # a day without a time of day says no time
            return ""
        return str(clean(columns.join.join(part for part in parts if part)))

    def _meaning(self, field: str, word: str, kind: FieldKind) -> Any:
        meaning = self._words.get(field, {}).get(_key(word), word)
        return meaning if meaning == "" or not isinstance(meaning, str) else self._convert[kind](meaning)

    def _day(self, text: str) -> str:
        return _parse(text, self._mapping.date_formats or ["%Y-%m-%d"]).date().isoformat()

    def _time(self, text: str) -> str:
        try:
            moment = _parse(text, self._mapping.time_formats) if self._mapping.time_formats else _iso(text)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=self._zone)
            return moment.astimezone(UTC).isoformat()
        except OverflowError:
            raise ValueError("is too far away") from None


def _key(word: str) -> str:
    return word.strip().casefold()


def _parse(text: str, formats: list[str]) -> datetime:
    for each in formats:
        try:
            return datetime.strptime(text, each)  # noqa: DTZ007
        except ValueError:
            continue
    raise ValueError(f"is not written as {' or '.join(formats)}")


def _iso(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("is not a date and time of ISO 8601") from None
    if len(text) <= len(date.min.isoformat()):
        raise ValueError("has no time of day")
    return moment


def _number(text: str) -> int:
    if not WHOLE_NUMBER.fullmatch(text) or len(text) > 18:
        raise ValueError("must be a whole number")
    return int(text)


def _truth(text: str) -> bool:
    if text.lower() not in TRUTH:
        raise ValueError("must be true or false")
    return TRUTH[text.lower()]
