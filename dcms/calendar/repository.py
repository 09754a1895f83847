"""Calendars, read from the database as flat rows and put together here, where times have the clinic's offset."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import msgspec

from dcms.appointments.structs import Appointment
from dcms.calendar.structs import (
    CalendarDay,
    CalendarDoctor,
    CalendarRow,
    Day,
    DoctorCalendar,
    DoctorsDay,
    Month,
    MonthDay,
    Stretch,
)
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.problems import NotFound

SQL = queries("calendar")

APPOINTMENT_FIELDS = len(Appointment.__struct_fields__)


class CalendarRepository:
    """Reads calendars."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def days(
        self, first_day: date, last_day: date, doctor_ids: list[int] | None, include_cancelled: bool
    ) -> list[Day]:
        """Days of all active doctors and of whoever has an appointment, or of those named."""
        rows = await self._rows(first_day, last_day, doctor_ids, include_cancelled, always=False)
        found = {day: list(group) for day, group in groupby(rows, lambda row: row.day)}
        days = [first_day + timedelta(days=number) for number in range((last_day - first_day).days + 1)]
        return [Day(day, list(doctors_days(found.get(day, [])))) for day in days]

    async def doctor(
        self, employee_id: int, first_day: date, last_day: date, include_cancelled: bool
    ) -> DoctorCalendar:
        """Days of one doctor. Raises NotFound when there is none."""
        rows = await self._rows(first_day, last_day, [employee_id], include_cancelled, always=True)
        if not rows:
            raise NotFound
        days = [
            CalendarDay(day, each.working, each.appointments, each.free)
            for day, group in groupby(rows, lambda row: row.day)
            for each in doctors_days(group)
        ]
        return DoctorCalendar(doctor_of(rows[0]), days)

    async def month(
        self, month: str, first_day: date, last_day: date, doctor_ids: list[int] | None, include_cancelled: bool
    ) -> Month:
        """A month in numbers."""
        days = await self._database.all(
            SQL.months,
            MonthDay,
            first_day=first_day,
            last_day=last_day,
            doctor_ids=doctor_ids,
            include_cancelled=include_cancelled,
        )
        return Month(month, days)

    async def _rows(
        self, first_day: date, last_day: date, doctor_ids: list[int] | None, include_cancelled: bool, *, always: bool
    ) -> list[CalendarRow]:
        return await self._database.all(
            SQL.days,
            CalendarRow,
            first_day=first_day,
            last_day=last_day,
            doctor_ids=doctor_ids,
            include_cancelled=include_cancelled,
            always=always,
        )


def doctors_days(rows: Iterable[CalendarRow]) -> Iterator[DoctorsDay]:
    """The rows of one day, put together by doctor."""
    for _, group in groupby(rows, lambda row: row.employee_id):
        day = list(group)
        appointments = [
            Appointment(*msgspec.structs.astuple(row)[:APPOINTMENT_FIELDS]) for row in day if row.appointment_id
        ]
        yield DoctorsDay(doctor_of(day[0]), stretches(day[0].working), appointments, stretches(day[0].free))


def doctor_of(row: CalendarRow) -> CalendarDoctor:
    """The doctor of a row."""
    return CalendarDoctor(row.employee_id, row.name, row.color)


def stretches(ranges: Iterable[Any]) -> list[Stretch]:
    """The stretches of a multirange."""
    return [Stretch(each.lower, each.upper) for each in ranges]
