"""Reads the parameters of FHIR's searches: prefixed dates, references, codes."""

import re
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TypeVar

from dcms.web.bodies import YEARS
from dcms.web.fields import MAX_ID
from dcms.web.problems import Invalid

P = TypeVar("P", date, datetime)

_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_PREFIXED = re.compile(r"(eq|ge|gt|sa|le|lt|eb)?(\d.*)", re.ASCII)
_ID = re.compile(r"[1-9]\d{0,18}", re.ASCII)


def days_between(name: str, values: Sequence[str] | None) -> tuple[date | None, date | None]:
    """The first day that all values allow, and the one after the last. Raises Invalid."""
    bounds: tuple[date | None, date | None] = (None, None)
    for value in values or ():
        prefix, text = _split(name, value)
        bounds = _narrow(bounds, prefix, *_days(name, text))
    return bounds


def instants_between(name: str, values: Sequence[str] | None, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    """The first instant that all values allow, and the one after the last; days are the clinic's. Raises Invalid."""
    bounds: tuple[datetime | None, datetime | None] = (None, None)
    for value in values or ():
        prefix, text = _split(name, value)
        bounds = _narrow(bounds, prefix, *_instants(name, text, zone))
    return bounds


def ids_of(value: str | None) -> list[int] | None:
    """The ids of `_id=1,2`; what can be none is left out, as it names nothing."""
    return None if value is None else [int(each) for each in value.split(",") if _is_id(each)]


def references(name: str, value: str | None, base: str, *kinds: str) -> dict[str, list[int]] | None:
    """The ids of `Patient/1,Patient/2` by kind; a plain id is of the first kind. Raises Invalid."""
    if value is None:
        return None
    found: dict[str, list[int]] = {}
    for each in value.split(","):
        kind, slash, number = each.removeprefix(f"{base}/").rpartition("/")
        if not _is_id(number) or (slash and kind not in kinds):
            raise Invalid.of(name, f"is no reference to a {' or '.join(kinds)}")
        found.setdefault(kind or kinds[0], []).append(int(number))
    return found


def ids_named(name: str, value: str | None, base: str, kind: str) -> list[int] | None:
    """The ids of references of one kind. Raises Invalid."""
    found = references(name, value, base, kind)
    return None if found is None else found[kind]


def codes(name: str, value: str | None, known: Collection[str]) -> list[str] | None:
    """The codes of `booked,arrived`. Raises Invalid for one that FHIR doesn't have."""
    if value is None:
        return None
    wanted = value.split(",")
    if any(code not in known for code in wanted):
        raise Invalid.of(name, f"must be of {', '.join(sorted(known))}")
    return wanted


def _is_id(text: str) -> bool:
    return _ID.fullmatch(text) is not None and int(text) <= MAX_ID


def _split(name: str, value: str) -> tuple[str, str]:
    found = _PREFIXED.fullmatch(value)
    if found is None:
        raise Invalid.of(name, "must be a date or a time, after one of eq, ge, gt, sa, le, lt, eb")
    return found[1] or "eq", found[2]


def _narrow(bounds: tuple[P | None, P | None], prefix: str, first: P, after: P) -> tuple[P | None, P | None]:
    """The bounds that also obey a value which means all from `first` until `after`."""
    since, before = bounds
    if prefix in ("eq", "ge", "gt", "sa"):
        lowest = first if prefix in ("eq", "ge") else after
        since = lowest if since is None else max(since, lowest)
    if prefix in ("eq", "le", "lt", "eb"):
        highest = after if prefix in ("eq", "le") else first
        before = highest if before is None else min(before, highest)
    return since, before


def _days(name: str, text: str) -> tuple[date, date]:
    found = _DATE.fullmatch(text)
    if found is None or int(found[1]) not in YEARS:
        raise Invalid.of(name, "must be a date: YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    try:
        first = date(year, month, day)
    except ValueError:
        raise Invalid.of(name, "must be a date that exists") from None
    if found[3]:
        return first, first + timedelta(days=1)
    return first, date(year + 1, 1, 1) if not found[2] else (first + timedelta(days=31)).replace(day=1)


def _instants(name: str, text: str, zone: tzinfo) -> tuple[datetime, datetime]:
    if "T" not in text:
        first, after = _days(name, text)
        return _midnight(first, zone), _midnight(after, zone)
    # an unescaped + of an offset arrives as a space
    found = _TIME.fullmatch(text.replace(" ", "+"))
    try:
        minute, second, fraction, offset = found.groups() if found else ("", "", "", "")
        start = datetime.fromisoformat(f"{minute}{second or ':00'}{fraction or ''}{offset}")
    except ValueError:
        raise Invalid.of(name, "must be a time with an offset") from None
    if start.year not in YEARS or (fraction and not second):
        raise Invalid.of(name, "must be a time with an offset")
    length = timedelta(microseconds=1) if fraction else timedelta(seconds=1) if second else timedelta(minutes=1)
    return start.astimezone(UTC), start.astimezone(UTC) + length


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
