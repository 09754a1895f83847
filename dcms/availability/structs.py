"""The shapes of availability."""

from datetime import date, datetime

import msgspec


class Stretch(msgspec.Struct):
    """A free time of a doctor."""

    doctor_id: int
    starts_at: datetime
    ends_at: datetime


class FreeSlots(msgspec.Struct):
    """Free slots; when there is none, the next day that has one."""

    slots: list[Stretch]
    next_available: date | None


class FreeWindows(msgspec.Struct):
    """Free windows; when there is none, the next day that has a slot."""

    windows: list[Stretch]
    next_available: date | None


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for: days from first to last, both included."""

    first_day: date
    last_day: date
    doctor_ids: list[int] | None = None
    chair_id: int | None = None
    service_ids: list[int] = []
    duration_min: int | None = None
    limit: int
