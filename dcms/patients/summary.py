"""What a screen shows of a patient at once."""

from decimal import Decimal

import msgspec

from dcms.appointments.structs import Appointment
from dcms.patients.structs import Patient
from dcms.phones.structs import PhoneNumber
from dcms.sms.structs import Sms


class PatientCounts(msgspec.Struct):
    """How much there is of each kind; null where the caller may not read it."""

    appointments: int | None
    treatments: int | None
    messages: int | None
    calls: int | None
    no_shows: int | None


class PatientSummary(msgspec.Struct):
    """What a screen shows of a patient at once; null or empty where the caller may not read it."""

    patient: Patient
    phone_numbers: list[PhoneNumber]
    alerts: list[str]
    # the first one that still stands
    next_appointment: Appointment | None
    # the last one that was kept, or not closed
    last_appointment: Appointment | None
    balance: Decimal | None
    counts: PatientCounts
    # the five newest
    recent_messages: list[Sms]
