"""Each route asks for the permission that the contract names, and each role holds what the contract gives it."""

import pytest

from dcms.access.permissions import HOLDERS, Permission, Role
from tests.contract.routes import ENDPOINTS, NOT_BUILT, ROUTES, Endpoint

# §2 of the contract, written out on its own: admin, manager, doctor, assistant, receptionist, patient
TABLE = """
clinic.read        x x x x x x
clinic.write       x x - - - -
users.read         x x - - - -
users.write        x x - - - -
sessions.admin     x - - - - -
users.impersonate  x - - - - -
patients.read      x x x x x x
patients.write     x x x - x -
patients.merge     x x - - - -
patients.export    x - - - - -
messages.read      x x x x x -
messages.write     x x - - x -
calls.read         x x x x x -
calls.write        x x - - x -
staff.read         x x x x x -
staff.write        x x - - - -
services.read      x x x x x x
services.write     x x - - - -
schedule.read      x x x x x x
schedule.write     x x x - x -
schedule.override  x x x - - -
treatments.read    x x x x x x
treatments.write   x - x x - -
teeth.write        x - - - - -
billing.read       x x x - x x
billing.write      x x - - x -
dashboard.read     x x x - x -
audit.read         x - - - - -
"""
ROLES = [Role.ADMIN, Role.MANAGER, Role.DOCTOR, Role.ASSISTANT, Role.RECEPTIONIST, Role.PATIENT]

# What a patient's login may use, of the routes that ask for a permission: his own record, and what is everybody's.
OPEN_TO_PATIENTS = {
    "GET /api/v1/clinic",
    "GET /api/v1/clinic/meta",
    "GET /api/v1/services",
    "GET /api/v1/services/types",
    "GET /api/v1/services/{service_id}",
    "GET /api/v1/availability",
    "GET /api/v1/teeth/definitions",
    "GET /api/v1/teeth/definitions/{tooth_id}",
    "GET /api/v1/patients/{patient_id}",
    "GET /api/v1/patients/{patient_id}/summary",
    "GET /api/v1/patients/{patient_id}/timeline",
    "GET /api/v1/patients/{patient_id}/appointments",
    "GET /api/v1/patients/{patient_id}/treatments",
    "GET /api/v1/patients/{patient_id}/treatments/by_tooth",
    "GET /api/v1/patients/{patient_id}/odontogram",
    "GET /api/v1/patients/{patient_id}/odontogram/history",
    "GET /api/v1/patients/{patient_id}/balance",
    "GET /api/v1/appointments",
    "GET /api/v1/appointments/{appointment_id}",
    "GET /api/v1/treatments",
    "GET /api/v1/treatments/{treatment_id}",
    "GET /api/v1/invoices",
    "GET /api/v1/invoices/{invoice_id}",
    "GET /api/v1/payments",
    "GET /api/v1/payments/{payment_id}",
    "GET /fhir/Appointment",
    "GET /fhir/Appointment/{appointment_id}",
    "GET /fhir/Patient",
    "GET /fhir/Patient/{patient_id}",
    "GET /fhir/Procedure",
    "GET /fhir/Procedure/{treatment_item_id}",
    "GET /fhir/Slot",
    "GET /fhir/Slot/{slot_id}",
}
# at the root, or beside the contract's list
OTHERS = {
    "GET /fhir/metadata",
    "GET /fhir/Appointment",
    "GET /fhir/Appointment/{appointment_id}",
    "GET /fhir/Patient",
    "GET /fhir/Patient/{patient_id}",
    "GET /fhir/Practitioner",
    "GET /fhir/Practitioner/{employee_id}",
    "GET /fhir/Procedure",
    "GET /fhir/Procedure/{treatment_item_id}",
    "GET /fhir/Schedule",
    "GET /fhir/Schedule/{employee_id}",
    "GET /fhir/Slot",
    "GET /fhir/Slot/{slot_id}",
    "GET /calendars/{calendar_file}",
    "GET /metrics",
    "GET /home/login",
    "POST /home/login",
    "POST /home/logout",
    "GET /home/style.css",
    "GET /api/v1/audit/verify",
}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_the_route_asks_for_the_contracts_permission(endpoint: Endpoint) -> None:
    if endpoint.name in ROUTES or endpoint.name not in NOT_BUILT:
        assert ROUTES[endpoint.name].permission == endpoint.permission


def test_there_is_no_route_beside_the_contract() -> None:
    assert ROUTES.keys() - {endpoint.name for endpoint in ENDPOINTS} <= OTHERS


def test_each_role_holds_what_the_contract_gives_it() -> None:
    held = {}
    for line in TABLE.strip().splitlines():
        name, *marks = line.split()
        held[Permission(name)] = {role for role, mark in zip(ROLES, marks, strict=True) if mark == "x"}

    assert held == HOLDERS
    assert HOLDERS.keys() == set(Permission) - {Permission.PUBLIC, Permission.AUTHENTICATED}


def test_patients_logins_may_use_what_the_contract_opens_to_them() -> None:
    opened = {name for name, access in ROUTES.items() if access.open_to_patients}

    assert opened == {name for name in OPEN_TO_PATIENTS if name in ROUTES or name not in NOT_BUILT}
