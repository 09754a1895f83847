"""The types of fields and parameters that all domains share, with their limits."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Annotated

from litestar.params import PathParameter, QueryParameter
from msgspec import Meta

from dcms.context import current_context
from dcms.web.problems import FieldError

MAX_ID = 2**63 - 1


def in_the_past(day: date) -> Iterator[FieldError]:
    """The fault of a day that is not over yet in the clinic."""
    if day >= current_context.get().today():
        yield FieldError("", "must be in the past")


def not_in_future(moment: datetime) -> Iterator[FieldError]:
    """The fault of a time that is still to come."""
    if moment > datetime.now(UTC):
        yield FieldError("", "must not be in the future")


Id = Annotated[int, Meta(ge=1, le=MAX_ID)]
# a name, a title, a label: one line, not empty
Name = Annotated[str, Meta(min_length=1, max_length=100)]
# a note, a message, a reason
Text = Annotated[str, Meta(min_length=1, max_length=10_000)]
Email = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=r"^[^\s@\"(),:;<>\[\\\]]{1,64}@[^\s@.\"(),:;<>\[\\\]_]+(\.[^\s@.\"(),:;<>\[\\\]_]+)+$",
        description="An email address.",
        examples=["anna@example.org"],
    ),
]
# passwords are never trimmed; NFC like all text
Password = Annotated[str, Meta(min_length=1, max_length=1000, extra={"verbatim": True})]
Money = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$", description="An amount in the clinic's currency.", examples=["120.00"]
    ),
]
Instant = Annotated[datetime, Meta(tz=True, description="A time with its offset.")]
Day = date
PastDay = Annotated[date, Meta(description="A day before the clinic's today.", extra={"check": in_the_past})]
Month = Annotated[
    str, Meta(pattern=r"^(1[89]|2[01])\d{2}-(0[1-9]|1[0-2])$", description="A month, YYYY-MM.", examples=["2026-11"])
]
TimeOfDay = Annotated[
    str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="A local time, HH:MM.", examples=["08:30"])
]
ClosingTime = Annotated[
    str,
    Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$", description="A local time, up to 24:00.", examples=["17:00"]),
]
Weekday = Annotated[int, Meta(ge=1, le=7, description="1 is Monday, 7 is Sunday.")]
Color = Annotated[str, Meta(pattern=r"^#[0-9A-Fa-f]{6}$", description="A colour, #rrggbb.", examples=["#4f7cac"])]

PathId = Annotated[int, PathParameter()]
SearchText = Annotated[Name | None, QueryParameter(name="query", description="Words to look for.")]
FromInstant = Annotated[Instant | None, QueryParameter(name="from", description="From this time on, included.")]
ToInstant = Annotated[Instant | None, QueryParameter(name="to", description="Up to this time, not included.")]
FromDay = Annotated[date | None, QueryParameter(name="from", description="From this day on, included.")]
ToDay = Annotated[date | None, QueryParameter(name="to", description="Up to this day, included.")]
