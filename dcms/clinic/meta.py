"""What screens need to know of the clinic: how it works, whether it is open, and the words of the API."""

from datetime import datetime
from typing import Annotated, get_args

import msgspec
from msgspec import Meta

from dcms.access.permissions import Role
from dcms.clinic.structs import (
    BufferMinutes,
    BusinessHours,
    Currency,
    HorizonDays,
    Locale,
    NoticeMinutes,
    Region,
    SlotMinutes,
    StepMinutes,
    Timezone,
    ToothSystem,
)
from dcms.patients.structs import Gender


class ClinicNow(msgspec.Struct):
    """The settings that anybody may know, and the clinic's clock."""

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
    business_hours: BusinessHours
    updated_at: datetime
    version: int
    now: datetime
    utc_offset: Annotated[str, Meta(examples=["+01:00"])]
    open_now: Annotated[bool, Meta(description="By the clinic's hours and closures.")]
    next_open_at: Annotated[
        datetime | None, Meta(description="When the clinic opens next after now; null: it always is open, or never.")
    ]
    service_types: Annotated[list[str], Meta(description="The types of the active services, by name.")]


class ClinicMeta(ClinicNow):
    """The settings that anybody may know, the clinic's clock, and the lists of words."""

    roles: tuple[str, ...] = tuple(role.value for role in Role)
    appointment_statuses: tuple[str, ...] = ("booked", "confirmed", "came", "finished", "cancelled", "no_show")
    contact_types: tuple[str, ...] = ("patient", "prospect", "employee", "supplier", "other")
    tooth_systems: tuple[str, ...] = get_args(ToothSystem)
    payment_methods: tuple[str, ...] = ("cash", "card", "transfer", "insurance", "other")
    genders: tuple[str, ...] = get_args(Gender)
