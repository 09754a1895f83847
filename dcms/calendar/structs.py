"""The shapes of calendars."""

from datetime import date, datetime
from typing import Any

import asyncpg
import msgspec

from dcms.appointments.structs import Appointment, Status


class Stretch(msgspec.Struct):
    """A time."""

    starts_at: datetime
    ends_at: datetime


class CalendarDoctor(msgspec.Struct):
    """What a screen shows of a doctor."""

    employee_id: int
    name: str
    color: str


class DoctorsDay(msgspec.Struct):
    """A doctor's day: when he works, his appointments, and what is left of his time."""

    doctor: CalendarDoctor
    working: list[Stretch]
    appointments: list[Appointment]
    free: list[Stretch]


class Day(msgspec.Struct):
    """A local day of the clinic."""

    date: date
    doctors: list[DoctorsDay]


class Week(msgspec.Struct):
    """Seven local days."""

    start: date
    days: list[Day]


class MonthDay(msgspec.Struct):
    """A day in numbers; minutes are summed over the doctors."""

    date: date
    counts: dict[Status, int]
    booked_minutes: int
    open_minutes: int


class Month(msgspec.Struct):
    """A local month."""

    month: str
    days: list[MonthDay]


class CalendarDay(msgspec.Struct):
    """A day of one doctor."""

    date: date
    working: list[Stretch]
    appointments: list[Appointment]
    free: list[Stretch]


class DoctorCalendar(msgspec.Struct):
    """Days of one doctor."""

    doctor: CalendarDoctor
    days: list[CalendarDay]


class CalendarRow(Appointment):
    """An appointment, all null on a day that has none, and the doctor's day that it touches."""

    day: date
    employee_id: int
    name: str
    color: str
    working: list[asyncpg.Range[Any]]
    free: list[asyncpg.Range[Any]]
