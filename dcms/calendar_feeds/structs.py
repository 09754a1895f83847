"""The shapes of calendar feeds."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from dcms.appointments.structs import Status
from dcms.web.fields import Id, Name

Details = Annotated[
    Literal["busy", "initials"],
    Meta(description="What an event tells: that the time is taken, or the patient's initials and the services too."),
]


class CalendarFeed(msgspec.Struct):
    """A link under which a calendar program reads a doctor's appointments."""

    calendar_feed_id: Id
    employee_id: Id
    name: str | None
    details: Details
    created_by: int | None
    created_at: datetime
    # to the minute
    last_used_at: datetime | None


class AddedCalendarFeed(CalendarFeed):
    """A new feed with its link, which is shown this once and kept nowhere."""

    url: Annotated[
        str,
        Meta(
            description="Whoever has it reads the feed, until it is revoked.",
            examples=["https://clinic.example/calendars/Zk0uC1bq0mWl7nXQJ2yPqg8i5tYw3rV9sD4eHfA6xKo.ics"],
        ),
    ]


class NewCalendarFeed(msgspec.Struct, forbid_unknown_fields=True):
    """A feed to be; the name is what calendar programs show, the doctor's by default."""

    name: Name | None = None
    details: Details = "busy"


class OpenFeed(msgspec.Struct, frozen=True):
    """The feed behind a link."""

    calendar_feed_id: int
    employee_id: int
    name: str
    details: Details


class FeedEvent(msgspec.Struct, frozen=True):
    """An appointment as a feed knows it; the patient only when the feed tells of him."""

    appointment_id: int
    starts_at: datetime
    ends_at: datetime
    status: Status
    created_at: datetime
    updated_at: datetime
    version: int
    patient_id: int | None
    initials: str | None
    services: list[str]
