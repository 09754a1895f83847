"""The shapes of working hours."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated

from msgspec import Meta

from dcms.clinic.hours import WeeklyHours, overlaps, share_time
from dcms.web.bodies import FieldFault
from dcms.web.pages import MAX_LIMIT
from dcms.web.problems import FieldError

ValidFrom = Annotated[date, Meta(description="The first day; null: always before.")]
ValidTo = Annotated[date, Meta(description="The last day, included; null: for ever after.")]


class WorkingHours(WeeklyHours, forbid_unknown_fields=True):
    """An interval in which an employee works every week, while it is valid."""

    valid_from: ValidFrom | None = None
    valid_to: ValidTo | None = None

    def __post_init__(self) -> None:
        """Times and days in order."""
        super().__post_init__()
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise FieldFault("valid_to", "must not be before valid_from")


def share_moment(one: WorkingHours, other: WorkingHours) -> bool:
    """Whether two intervals have a moment of some week in common."""
    return (
        share_time(one, other)
        and (one.valid_from or date.min) <= (other.valid_to or date.max)
        and (other.valid_from or date.min) <= (one.valid_to or date.max)
    )


def check_week(hours: list[WorkingHours]) -> Iterator[FieldError]:
    """Several intervals a weekday, but none over another that is valid on the same day."""
    return overlaps(hours, share_moment)


# all of them are one page of the list
Week = Annotated[list[WorkingHours], Meta(max_length=MAX_LIMIT, extra={"check": check_week})]
