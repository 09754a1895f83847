"""The two ends of a list of invoices: times, or the clinic's local days."""

import re
from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar.params import QueryParameter

from dcms.database.lists import Filter
from dcms.web.problems import FieldError, Invalid

FromMoment = Annotated[
    str | None,
    QueryParameter(name="from", description="Issued from this time (RFC 3339) or day (YYYY-MM-DD) on, included."),
]
ToMoment = Annotated[
    str | None,
    QueryParameter(name="to", description="Issued before this time, or up to this day, included."),
]

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = Annotated[datetime, msgspec.Meta(tz=True)]


def issued_between(since: str | None, until: str | None) -> list[Filter]:
    """The filters for invoices issued in a period. Raises Invalid for what is neither a time nor a day."""
    filters: list[Filter] = []
    errors: list[FieldError] = []
    for name, text, by_day, by_time in (("from", since, "gte", "gte"), ("to", until, "lte", "lt")):
        if text is None:
            continue
        try:
            if _DAY.fullmatch(text):
                filters.append(Filter("issued_on", by_day, date.fromisoformat(text)))  # type: ignore[arg-type]
            else:
                filters.append(Filter("issued_at", by_time, msgspec.convert(text, _INSTANT)))  # type: ignore[arg-type]
        except (ValueError, msgspec.ValidationError):
            errors.append(FieldError(name, "must be a time with its offset, or a day"))
    if errors:
        raise Invalid.of_fields(errors)
    return filters
