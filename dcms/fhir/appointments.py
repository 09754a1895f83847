"""An appointment as FHIR's Appointment."""

from collections.abc import Mapping

from dcms.appointments.structs import Appointment, Status
from dcms.fhir.elements import Resource, compact, concept, meta, reference
from dcms.fhir.structs import ServiceName

# FHIR tells what is booked from what is confirmed by the patient's own participation
STATUSES: dict[Status, str] = {
    "booked": "booked",
    "confirmed": "booked",
    "came": "arrived",
    "finished": "fulfilled",
    "cancelled": "cancelled",
    "no_show": "noshow",
}
# all of http://hl7.org/fhir/ValueSet/appointmentstatus: those that nothing here has are found nowhere
KNOWN_STATUSES = frozenset(STATUSES.values()) | {"proposed", "pending", "entered-in-error", "checked-in", "waitlist"}
PARTICIPATIONS: dict[Status, str] = {"booked": "needs-action", "cancelled": "declined", "no_show": "declined"}


def service_codes(base: str) -> str:
    """The system of the clinic's codes of services."""
    return f"{base}/service"


def statuses_of(codes: list[str]) -> list[Status]:
    """The statuses here that FHIR's codes mean."""
    return [status for status, code in STATUSES.items() if code in codes]


def appointment(record: Appointment, services: Mapping[int, ServiceName], base: str) -> Resource:
    """The resource, with the names of its services. A note is there for staff only, as in the API."""
    ended = record.status in ("cancelled", "no_show")
    known = [services[service_id] for service_id in record.service_ids if service_id in services]
    return compact(
        {
            "resourceType": "Appointment",
            "id": str(record.appointment_id),
            "meta": meta(record.version, record.updated_at),
            "status": STATUSES[record.status],
            # the only place for it; FHIR allows it on what was cancelled or missed only
            "cancelationReason": {"text": record.cancel_reason} if ended and record.cancel_reason else None,
            "serviceType": [concept(service_codes(base), each.code, each.name) for each in known],
            "start": record.starts_at,
            "end": record.ends_at,
            "minutesDuration": round((record.ends_at - record.starts_at).total_seconds() / 60),
            "created": record.created_at,
            "comment": record.note,
            "participant": [
                {
                    "actor": reference("Patient", record.patient_id, record.patient.name),
                    "required": "required",
                    "status": PARTICIPATIONS.get(record.status, "accepted"),
                },
                {
                    "actor": reference("Practitioner", record.doctor_id, record.doctor.name),
                    "required": "required",
                    "status": "declined" if record.cancelled_by == "clinic" else "accepted",
                },
            ],
        }
    )
