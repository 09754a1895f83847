"""The shapes of the home page."""

from datetime import date, datetime
from typing import Literal

import msgspec

from dcms.access.permissions import Role


class Link(msgspec.Struct):
    """Where to go from here."""

    title: str
    href: str


class Visit(msgspec.Struct):
    """An appointment as a line of a list."""

    appointment_id: int
    starts_at: datetime
    ends_at: datetime
    status: str
    patient_name: str
    doctor_name: str
    color: str
    chair_name: str | None
    # since when the patient has been waiting
    checked_in_at: datetime | None


class DayLoad(msgspec.Struct):
    """How full a day is."""

    day: date
    appointments: int
    booked_minutes: int


class VisitsWidget(msgspec.Struct, tag_field="kind", tag="visits"):
    """A list of appointments."""

    title: str
    empty: str
    visits: list[Visit]


class Number(msgspec.Struct):
    """One figure."""

    title: str
    value: str
    # a figure that wants to be looked at
    is_urgent: bool = False


class NumbersWidget(msgspec.Struct, tag_field="kind", tag="numbers"):
    """Figures with their names."""

    title: str
    numbers: list[Number]


class ChartWidget(msgspec.Struct, tag_field="kind", tag="chart"):
    """The days of a fortnight as bars."""

    title: str
    unit: Literal["minutes"]
    days: list[DayLoad]


Widget = VisitsWidget | NumbersWidget | ChartWidget


class Home(msgspec.Struct):
    """The home page of the caller's role with the most rights."""

    view: Role
    message: str
    links: list[Link]
    widgets: list[Widget]
