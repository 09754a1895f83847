"""A bookable time as FHIR's Slot. Slots are worked out, not kept: their ids say whose diary, and when."""

import re
from datetime import UTC, datetime

from dcms.availability.structs import Stretch
from dcms.fhir.elements import Resource, reference

# only what can be booked is a slot here
FREE = "free"
# http://hl7.org/fhir/ValueSet/slotstatus
KNOWN_STATUSES = frozenset({"busy", FREE, "busy-unavailable", "busy-tentative", "entered-in-error"})
_ID = re.compile(r"([1-9]\d{0,17})-(\d{8}T\d{6}Z)", re.ASCII)
_FORM = "%Y%m%dT%H%M%SZ"


def slot_id(doctor_id: int, starts_at: datetime) -> str:
    """The id of a doctor's slot: `7-20261123T080000Z`."""
    return f"{doctor_id}-{starts_at.astimezone(UTC):{_FORM}}"


def read_slot_id(text: str) -> tuple[int, datetime] | None:
    """Whose and when; None for what is no id of a slot."""
    found = _ID.fullmatch(text)
    if found is None:
        return None
    try:
        return int(found[1]), datetime.strptime(found[2], _FORM).replace(tzinfo=UTC)
    except ValueError:
        return None


def slot(free: Stretch) -> Resource:
    """The resource; the grid makes it as long as an appointment without services is."""
    return {
        "resourceType": "Slot",
        "id": slot_id(free.doctor_id, free.starts_at),
        "schedule": reference("Schedule", free.doctor_id),
        "status": FREE,
        "start": free.starts_at,
        "end": free.ends_at,
    }
