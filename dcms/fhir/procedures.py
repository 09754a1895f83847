"""An item of a treatment as FHIR's Procedure, its teeth as body sites."""

from dcms.fhir.appointments import service_codes
from dcms.fhir.elements import Resource, compact, concept, meta, reference
from dcms.fhir.structs import ToothTreated, TreatedItem
from dcms.treatment_items.structs import ItemStatus

STATUSES: dict[ItemStatus, str] = {"planned": "preparation", "done": "completed"}
# http://hl7.org/fhir/ValueSet/event-status
KNOWN_STATUSES = frozenset(STATUSES.values()) | {
    "in-progress",
    "not-done",
    "on-hold",
    "stopped",
    "entered-in-error",
    "unknown",
}
# tooth numbers of the FDI
ISO_3950 = "urn:iso:std:iso:3950"


def statuses_of(codes: list[str]) -> list[ItemStatus]:
    """The statuses here that FHIR's codes mean."""
    return [status for status, code in STATUSES.items() if code in codes]


def procedure(record: TreatedItem, base: str) -> Resource:
    """The resource. A note is there for staff only, as in the API."""
    return compact(
        {
            "resourceType": "Procedure",
            "id": str(record.treatment_item_id),
            "meta": meta(record.version, record.updated_at),
            "status": STATUSES[record.status],
            "code": concept(service_codes(base), record.service_code, record.service_name),
            "subject": reference("Patient", record.patient_id),
            "performedDateTime": record.done_at,
            "performer": [{"actor": reference("Practitioner", record.doctor_id, record.doctor_name)}],
            "reasonCode": [{"text": record.diagnosis}] if record.diagnosis else [],
            "bodySite": [_body_site(tooth) for tooth in record.teeth],
            "note": [{"text": record.note}] if record.note else [],
        }
    )


def _body_site(tooth: ToothTreated) -> Resource:
    coding = [] if tooth.fdi is None else [{"system": ISO_3950, "code": tooth.fdi, "display": tooth.name}]
    text = tooth.name if tooth.surfaces is None else f"{tooth.name}, surfaces {tooth.surfaces}"
    return compact({"coding": coding, "text": text})
