"""What clients were told about their bookings, and whether the database agrees."""

from datetime import datetime
from itertools import pairwise

import msgspec

CANCELLED = "cancelled"


class Booking(msgspec.Struct):
    """What a client tried under one key, and what it was told last."""

    key: str
    # null: refused for good
    appointment_id: int | None = None
    starts_at: datetime | None = None
    status: str | None = None
    # the answers that say something changed
    changes: int = 0


class Stored(msgspec.Struct):
    """An appointment in the database; its note is the key it was booked under."""

    appointment_id: int
    key: str
    starts_at: datetime
    ends_at: datetime
    status: str
    version: int
    doctor_id: int
    patient_id: int


def faults_of(history: list[Booking], stored: list[Stored]) -> list[str]:
    """Every promise that was broken."""
    return [*_lost(history, stored), *_repeated(history, stored), *_double(stored)]


def _lost(history: list[Booking], stored: list[Stored]) -> list[str]:
    by_id = {each.appointment_id: each for each in stored}
    faults = []
    for booking in history:
        if booking.appointment_id is None:
            continue
        found = by_id.get(booking.appointment_id)
        if found is None or found.key != booking.key:
            faults.append(f"lost: {booking.key}")
        elif (found.starts_at, found.status) != (booking.starts_at, booking.status):
            faults.append(f"lost change: {booking.key}")
        elif found.version != 1 + booking.changes:
            faults.append(f"{found.version - 1} changes, {booking.changes} known: {booking.key}")
    return faults


def _repeated(history: list[Booking], stored: list[Stored]) -> list[str]:
    effects: dict[str, int] = {}
    for each in stored:
        effects[each.key] = effects.get(each.key, 0) + 1
    return [
        f"{effects.get(booking.key, 0)} effects: {booking.key}"
        for booking in history
        if effects.get(booking.key, 0) != (booking.appointment_id is not None)
    ]


def _double(stored: list[Stored]) -> list[str]:
    faults = []
    active = [each for each in stored if each.status != CANCELLED]
    for name in ("doctor_id", "patient_id"):
        ordered = sorted(active, key=lambda each: (getattr(each, name), each.starts_at))
        faults += [
            f"double booking of {name} {getattr(one, name)}: {one.appointment_id} and {next_one.appointment_id}"
            for one, next_one in pairwise(ordered)
            if getattr(one, name) == getattr(next_one, name) and next_one.starts_at < one.ends_at
        ]
    return faults
