"""The elements that resources share."""

from datetime import datetime
from typing import Any

# the FHIR release that all of this is
FHIR_VERSION = "4.0.1"
FHIR_JSON = "application/fhir+json"
BASE = "/fhir"

Resource = dict[str, Any]


def compact(element: Resource) -> Resource:
    """An element without what is empty: FHIR knows neither null nor [] nor ""."""
    return {name: value for name, value in element.items() if value is not None and value not in ([], {}, "")}


def meta(version: int, updated_at: datetime) -> Resource:
    """Which version of a resource this is."""
    return {"versionId": str(version), "lastUpdated": updated_at}


def reference(resource_type: str, number: int, display: str | None = None) -> Resource:
    """A reference to a resource here."""
    return compact({"reference": f"{resource_type}/{number}", "display": display})


def concept(system: str, code: str, display: str | None = None) -> Resource:
    """A concept of one coding system."""
    return compact({"coding": [compact({"system": system, "code": code, "display": display})], "text": display})


def person_name(family: str, *given: str | None, prefix: str | None = None) -> Resource:
    """A person's name."""
    names = [name for name in given if name]
    text = " ".join(name for name in (prefix, *names, family) if name)
    return compact(
        {"use": "official", "text": text, "family": family, "given": names, "prefix": [prefix] if prefix else []}
    )


def telecom(phone: str | None, email: str | None) -> list[Resource]:
    """How a person is reached."""
    points = (("phone", phone), ("email", email))
    return [{"system": system, "value": value} for system, value in points if value]
