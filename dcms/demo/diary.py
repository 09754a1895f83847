"""The demo's appointments: a plausible diary, the same for the same day and seed."""

import random
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dcms.demo.catalogue import DENTISTS, SERVICES

CLINIC_HOURS = (((1, 2, 3, 4, 5), "08:00", "12:00"), ((1, 2, 3, 4, 5), "13:00", "18:00"))
STEP = timedelta(minutes=15)
CANCEL_REASONS = ("ill", "work", "moved house", "forgot", "no longer needed")


class Entry(NamedTuple):
    """One appointment to be."""

    patient_id: int
    doctor_id: int
    chair_id: int | None
    service_ids: list[int]
    starts_at: datetime
    ends_at: datetime
    status: str
    cancel_reason: str | None


def diary(
    rng: random.Random, now: datetime, days: Sequence[date], doctor_ids: Sequence[int], patients: int, zone: ZoneInfo
) -> Iterator[Entry]:
    """The appointments of some days: no doctor, patient or chair twice at a time among the active ones."""
    for day in days:
        busy_patients: set[int] = set()
        chairs: dict[int, list[tuple[datetime, datetime]]] = {1: [], 2: [], 3: []}
        for index, doctor_id in enumerate(doctor_ids):
            hours = DENTISTS[index % len(DENTISTS)].hours or CLINIC_HOURS
            for weekdays, opens, closes in hours:
                if day.isoweekday() not in weekdays:
                    continue
                start = _local(day, opens, zone)
                end = _local(day, closes, zone)
                while start < end:
                    service = rng.randrange(len(SERVICES))
                    stop = start + timedelta(minutes=SERVICES[service].duration_min)
                    if stop > end or rng.random() < 0.25:
                        start += STEP * rng.randint(1, 3)
                        continue
                    patient_id = _free_patient(rng, patients, busy_patients)
                    status = _status(rng, start, stop, now)
                    is_active = status not in ("cancelled", "no_show")
                    chair_id = _free_chair(rng, chairs, start, stop) if is_active else None
                    reason = rng.choice(CANCEL_REASONS) if status == "cancelled" else None
                    yield Entry(patient_id, doctor_id, chair_id, [service + 1], start, stop, status, reason)
                    if is_active:
                        start = _next_quarter(stop)


def _local(day: date, time_of_day: str, zone: ZoneInfo) -> datetime:
    hour, minute = time_of_day.split(":")
    return datetime(day.year, day.month, day.day, int(hour), int(minute), tzinfo=zone)


def _next_quarter(moment: datetime) -> datetime:
    return moment + timedelta(minutes=-moment.minute % 15)


def _free_patient(rng: random.Random, patients: int, busy: set[int]) -> int:
    while True:
        # some come often, most seldom
        patient_id = 1 + min(int(rng.paretovariate(0.6)) - 1 + rng.randrange(patients), patients - 1)
        if patient_id not in busy:
            busy.add(patient_id)
            return patient_id


def _free_chair(
    rng: random.Random, chairs: dict[int, list[tuple[datetime, datetime]]], start: datetime, stop: datetime
) -> int | None:
    free = [chair for chair, taken in chairs.items() if all(stop <= begin or end <= start for begin, end in taken)]
    if not free:
        return None
    chair_id = rng.choice(free)
    chairs[chair_id].append((start, stop))
    return chair_id


def _status(rng: random.Random, start: datetime, stop: datetime, now: datetime) -> str:
    chance = rng.random()
    if chance < 0.07:
        return "cancelled"
    if stop < now:
        return "no_show" if chance < 0.11 else "finished"
    if start < now:
        return "came"
    return "confirmed" if chance < 0.45 else "booked"
