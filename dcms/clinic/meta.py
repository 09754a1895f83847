"""What screens need to know of the clinic: how it works, whether it is open, and the words of the API."""

from datetime import datetime
from typing import Annotated, get_args

from msgspec import Meta

from dcms.access.permissions import Role
from dcms.appointments.structs import Status
from dcms.billing.structs import PaymentMethod
from dcms.calls.structs import ContactType
from dcms.clinic.structs import BusinessHours, Rules, ToothSystem
from dcms.patients.structs import Gender


class ClinicNow(Rules):
    """The settings that anybody may know, and the clinic's clock."""

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
    appointment_statuses: tuple[str, ...] = get_args(Status)
    contact_types: tuple[str, ...] = get_args(ContactType)
    tooth_systems: tuple[str, ...] = get_args(ToothSystem)
    payment_methods: tuple[str, ...] = get_args(PaymentMethod)
    genders: tuple[str, ...] = get_args(Gender)
