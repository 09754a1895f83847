"""What the view can do, as FHIR's CapabilityStatement."""

from dcms import __version__
from dcms.fhir.elements import FHIR_JSON, FHIR_VERSION, Resource

# when this module last changed what it says
PUBLISHED = "2026-11-25"
# resource → name of a search parameter → its type
SEARCHES: dict[str, dict[str, str]] = {
    "Appointment": {
        "_id": "token",
        "patient": "reference",
        "practitioner": "reference",
        "actor": "reference",
        "date": "date",
        "status": "token",
    },
    "Patient": {"_id": "token", "identifier": "token", "name": "string", "birthdate": "date"},
    "Practitioner": {"_id": "token", "name": "string"},
    "Procedure": {
        "_id": "token",
        "patient": "reference",
        "performer": "reference",
        "date": "date",
        "status": "token",
    },
    "Schedule": {"_id": "token", "actor": "reference"},
    "Slot": {"schedule": "reference", "start": "date", "status": "token"},
}
NOTES = {
    "Patient": "With name alone, birthdate is one whole day.",
    "Slot": "What can be booked now; schedule is required.",
}


def capability_statement(base: str) -> Resource:
    """The resource."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": PUBLISHED,
        "kind": "instance",
        "software": {"name": "dcms", "version": __version__},
        "implementation": {"description": "A dental clinic: a read view of its records", "url": base},
        "fhirVersion": FHIR_VERSION,
        "format": [FHIR_JSON, "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Every answer is JSON. An unknown parameter is an error, never ignored.",
                "security": {"description": "Authorization: Bearer with the access_token of POST /api/v1/auth/login."},
                "resource": [_resource(name, searches) for name, searches in SEARCHES.items()],
            }
        ],
    }


def _resource(name: str, searches: dict[str, str]) -> Resource:
    said = {
        "type": name,
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        # slots are worked out and have none
        "versioning": "no-version" if name == "Slot" else "versioned",
        "conditionalRead": "not-supported",
        "searchParam": [{"name": parameter, "type": kind} for parameter, kind in searches.items()],
    }
    return said | ({"documentation": NOTES[name]} if name in NOTES else {})
