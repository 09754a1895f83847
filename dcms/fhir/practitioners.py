"""An employee as FHIR's Practitioner, and a doctor's diary as FHIR's Schedule."""

from dcms.employees.structs import Employee
from dcms.fhir.elements import Resource, compact, meta, person_name, reference, telecom


def practitioner(record: Employee) -> Resource:
    """The person."""
    return compact(
        {
            "resourceType": "Practitioner",
            "id": str(record.employee_id),
            "meta": meta(record.version, record.updated_at),
            "active": record.archived_at is None,
            "name": [person_name(record.last_name, record.first_name, prefix=record.title)],
            "telecom": telecom(None, record.email),
        }
    )


def schedule(record: Employee) -> Resource:
    """The diary of a doctor; it has his id."""
    name = " ".join(part for part in (record.title, record.first_name, record.last_name) if part)
    return {
        "resourceType": "Schedule",
        "id": str(record.employee_id),
        "meta": meta(record.version, record.updated_at),
        "active": record.archived_at is None,
        "actor": [reference("Practitioner", record.employee_id, name)],
    }
