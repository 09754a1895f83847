"""Weekly hours: what intervals are made of, and which must not overlap."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import msgspec

from dcms.web.bodies import FieldFault
from dcms.web.fields import ClosingTime, TimeOfDay, Weekday
from dcms.web.problems import FieldError

T = TypeVar("T")


class WeeklyHours(msgspec.Struct, forbid_unknown_fields=True):
    """An interval of every week, in local time."""

    weekday: Weekday
    opens: TimeOfDay
    closes: ClosingTime

    def __post_init__(self) -> None:
        """Times of day compare like their texts."""
        if self.opens >= self.closes:
            raise FieldFault("closes", "must be after opens")


def share_time(one: WeeklyHours, other: WeeklyHours) -> bool:
    """Whether two intervals have a moment of the week in common; one may begin when the other ends."""
    return one.weekday == other.weekday and one.opens < other.closes and other.opens < one.closes


def overlaps(items: Sequence[T], overlap: Callable[[T, T], bool]) -> Iterator[FieldError]:
    """A fault for each item that overlaps one before it."""
    for index, item in enumerate(items):
        for earlier in range(index):
            if overlap(items[earlier], item):
                yield FieldError(f"[{index}]", f"overlaps item {earlier}")
                break
