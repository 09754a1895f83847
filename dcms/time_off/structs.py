"""The shapes of time off."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from dcms.appointments.structs import Appointment
from dcms.web.bodies import FieldFault
from dcms.web.fields import Instant, Text


class TimeOff(msgspec.Struct):
    """A time in which an employee does not work, whatever his hours are."""

    time_off_id: Annotated[int | None, Meta(description="Null in a dry run.")]
    employee_id: int
    starts_at: datetime
    ends_at: datetime
    reason: str | None
    created_at: Annotated[datetime | None, Meta(description="Null in a dry run.")]


class EnteredTimeOff(TimeOff):
    """A time off with what it means for the appointments there are."""

    affected: Annotated[
        list[Appointment], Meta(description="The active appointments it leaves uncovered, by start. None is cancelled.")
    ]


class NewTimeOff(msgspec.Struct, forbid_unknown_fields=True):
    """A time off to be; a dry run only tells what it would leave uncovered."""

    starts_at: Instant
    ends_at: Instant
    reason: Text | None = None
    dry_run: bool = False

    def __post_init__(self) -> None:
        """A moment or more."""
        if self.ends_at <= self.starts_at:
            raise FieldFault("ends_at", "must be after starts_at")
