"""A read view of the clinic as HL7 FHIR R4 (4.0.1): pure mappings, one module a resource, and their endpoints."""
