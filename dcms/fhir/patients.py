"""A patient as FHIR's Patient. Staff notes and alerts stay here: a Patient has no place for them."""

from dcms.fhir.elements import Resource, compact, meta, person_name, reference, telecom
from dcms.patients.structs import Patient


def register_numbers(base: str) -> str:
    """The system of the clinic's register numbers."""
    return f"{base}/register-number"


def patient(record: Patient, base: str) -> Resource:
    """The resource; one that was merged names the record that took its place. dcms' genders are FHIR's."""
    merged = record.merged_into
    return compact(
        {
            "resourceType": "Patient",
            "id": str(record.patient_id),
            "meta": meta(record.version, record.updated_at),
            "identifier": [{"use": "usual", "system": register_numbers(base), "value": record.register_number}],
            "active": record.status == "active",
            "name": [person_name(record.last_name, record.first_name, record.middle_name)],
            "telecom": telecom(record.primary_phone, record.email),
            "gender": record.gender,
            "birthDate": record.birth_date,
            "address": [{"text": record.address}] if record.address else [],
            "link": [] if merged is None else [{"other": reference("Patient", merged), "type": "replaced-by"}],
        }
    )
