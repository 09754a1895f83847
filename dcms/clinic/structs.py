"""The shapes of the clinic and its settings."""

from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

import msgspec
from msgspec import UNSET, Meta, UnsetType
from phonenumbers import SUPPORTED_REGIONS

from dcms.clinic.currencies import CURRENCIES
from dcms.clinic.hours import WeeklyHours, overlaps, share_time
from dcms.web.bodies import FieldFault
from dcms.web.fields import Email, Name, Text
from dcms.web.problems import FieldError

ToothSystem = Literal["FDI", "universal", "palmer"]
# in the list of zones, but no place's
NO_PLACE = frozenset({"Factory", "localtime", "posixrules"})


@cache
def timezones() -> frozenset[str]:
    """The time zones that this process knows."""
    return frozenset(available_timezones() - NO_PLACE)


def check_timezone(value: str) -> Iterator[FieldError]:
    """A zone of the tz database, spelled as there."""
    if value not in timezones():
        yield FieldError("", "is not a time zone of the tz database")


def check_currency(value: str) -> Iterator[FieldError]:
    """A currency of ISO 4217."""
    if value not in CURRENCIES:
        yield FieldError("", "is not a currency of ISO 4217")


def check_region(value: str) -> Iterator[FieldError]:
    """A region with a numbering plan."""
    if value not in SUPPORTED_REGIONS:
        yield FieldError("", "is not a region with telephone numbers")


def check_distinct(values: list[int]) -> Iterator[FieldError]:
    """No value twice."""
    if len(set(values)) < len(values):
        yield FieldError("", "must not hold a value twice")


class Closure(msgspec.Struct, forbid_unknown_fields=True):
    """Days on which the clinic is closed, both included."""

    starts_on: date
    ends_on: date
    reason: Text | None = None

    def __post_init__(self) -> None:
        """One day or more."""
        if self.ends_on < self.starts_on:
            raise FieldFault("ends_on", "must not be before starts_on")


def check_business_hours(hours: list[WeeklyHours]) -> Iterator[FieldError]:
    """Several intervals a weekday, but none over another."""
    return overlaps(hours, share_time)


def check_closures(closures: list[Closure]) -> Iterator[FieldError]:
    """No day twice."""
    return overlaps(closures, lambda one, other: one.starts_on <= other.ends_on and other.starts_on <= one.ends_on)


Timezone = Annotated[
    str, Meta(description="A zone of the tz database.", examples=["Europe/Berlin"], extra={"check": check_timezone})
]
Locale = Annotated[
    str,
    Meta(
        max_length=35,
        # language, script, region, variants, extensions
        pattern=r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?(-([A-Za-z\d]{5,8}|\d[A-Za-z\d]{3}))*"
        r"(-[A-WY-Za-wy-z\d](-[A-Za-z\d]{2,8})+)*$",
        description="A language tag of BCP 47.",
        examples=["de-AT"],
    ),
]
Currency = Annotated[str, Meta(description="ISO 4217.", examples=["EUR"], extra={"check": check_currency})]
Region = Annotated[
    str,
    Meta(
        description="ISO 3166-1 code of the country whose telephone numbers are written without a prefix.",
        examples=["AT"],
        extra={"check": check_region},
    ),
]
Website = Annotated[
    str, Meta(max_length=300, pattern=r"^(https?://)?[^\s:/?#@]+(:\d+)?([/?#]\S*)?$", examples=["https://example.org"])
]
SlotMinutes = Annotated[int, Meta(ge=5, le=720)]
StepMinutes = Annotated[
    int, Meta(ge=1, le=720, description="The grid of offered times, from each local midnight.", examples=[15])
]
BufferMinutes = Annotated[
    int, Meta(ge=0, le=720, description="Kept free of the doctor's time after each appointment.", examples=[0])
]
NoticeMinutes = Annotated[int, Meta(ge=0, le=525_600, description="How long ahead a booking must be.", examples=[60])]
HorizonDays = Annotated[int, Meta(ge=1, le=3650, description="How many days ahead a booking may be.", examples=[365])]
ReminderOffset = Annotated[int, Meta(ge=1, le=525_600)]
ReminderOffsets = Annotated[
    list[ReminderOffset],
    Meta(
        max_length=10,
        description="How many minutes before an appointment its reminders are sent.",
        examples=[[1440, 120]],
        extra={"check": check_distinct},
    ),
]
BusinessHours = Annotated[
    list[WeeklyHours],
    Meta(
        max_length=100,
        description="By weekday and time; several intervals a day, none over another.",
        extra={"check": check_business_hours},
    ),
]
Closures = Annotated[
    list[Closure],
    Meta(max_length=500, description="By day, none over another.", extra={"check": check_closures}),
]


class Clinic(msgspec.Struct):
    """The clinic of this installation."""

    name: str
    legal_name: str | None
    phone: str | None
    email: str | None
    address: str | None
    website: str | None
    updated_at: datetime
    version: int


class ClinicChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of the clinic: what is absent stays, null clears."""

    name: Name | UnsetType = UNSET
    legal_name: Name | None | UnsetType = UNSET
    phone: Name | None | UnsetType = UNSET
    email: Email | None | UnsetType = UNSET
    address: Text | None | UnsetType = UNSET
    website: Website | None | UnsetType = UNSET


class Rules(msgspec.Struct):
    """How the clinic works, as far as anybody may know."""

    timezone: Timezone
    locale: Locale
    currency: Currency
    default_region: Region
    default_slot_minutes: SlotMinutes
    slot_step_minutes: StepMinutes
    buffer_minutes: BufferMinutes
    booking_min_notice_minutes: NoticeMinutes
    booking_horizon_days: HorizonDays
    tooth_system: ToothSystem


class Settings(Rules):
    """How the clinic works."""

    reminder_offsets_minutes: ReminderOffsets
    business_hours: BusinessHours
    closures: Closures
    updated_at: datetime
    version: int


class SettingsChanges(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Changes of the settings: what is absent stays; a list is replaced whole."""

    timezone: Timezone | UnsetType = UNSET
    locale: Locale | UnsetType = UNSET
    currency: Currency | UnsetType = UNSET
    default_region: Region | UnsetType = UNSET
    default_slot_minutes: SlotMinutes | UnsetType = UNSET
    slot_step_minutes: StepMinutes | UnsetType = UNSET
    buffer_minutes: BufferMinutes | UnsetType = UNSET
    booking_min_notice_minutes: NoticeMinutes | UnsetType = UNSET
    booking_horizon_days: HorizonDays | UnsetType = UNSET
    tooth_system: ToothSystem | UnsetType = UNSET
    reminder_offsets_minutes: ReminderOffsets | UnsetType = UNSET
    business_hours: BusinessHours | UnsetType = UNSET
    closures: Closures | UnsetType = UNSET
