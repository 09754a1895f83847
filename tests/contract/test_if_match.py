"""What has a version is changed only while it has the one that If-Match names; what has none, by no tag."""

import json

import pytest

from tests.api import Api
from tests.contract.routes import BUILT, ROUTES, Endpoint, operation
from tests.contract.world import World, build, fingerprint

# writes to what has no version, so none that a tag could name, and a body for those that need it
UNVERSIONED = {
    "DELETE /api/v1/doctors/{employee_id}/calendar_feeds/{calendar_feed_id}": {},
    "PATCH /api/v1/services/reorder": {},
    "DELETE /api/v1/employees/{employee_id}/time_off/{time_off_id}": {},
    "POST /api/v1/auth/impersonate/{user_id}": {},
    "POST /api/v1/auth/logout": {},
    "POST /api/v1/auth/logout_all_except_current": {},
    "POST /api/v1/auth/sessions/revoke_all": {},
    "POST /api/v1/auth/sessions/{session_id}/extend": {},
    "POST /api/v1/auth/sessions/{session_id}/revoke": {},
    "POST /api/v1/payments/{payment_id}/allocate": {"allocations": [{"invoice_id": 1, "amount": "1.00"}]},
    "POST /api/v1/payments/{payment_id}/refund": {"reason": "a mistake"},
    "POST /api/v1/users/{user_id}/sessions/revoke_all": {},
}
# actions on what has one, and a body for those that need it
ACTIONS = {
    "POST /api/v1/appointments/{appointment_id}/cancel": {},
    "POST /api/v1/appointments/{appointment_id}/confirm": {},
    "POST /api/v1/appointments/{appointment_id}/check_in": {},
    "POST /api/v1/appointments/{appointment_id}/finish": {},
    "POST /api/v1/appointments/{appointment_id}/no_show": {},
    "POST /api/v1/appointments/{appointment_id}/reopen": {"reason": "a mistake"},
    "POST /api/v1/chairs/{chair_id}/disable": {},
    "POST /api/v1/chairs/{chair_id}/enable": {},
    "POST /api/v1/employee_phone_numbers/{phone_number_id}/make_primary": {},
    "POST /api/v1/employees/{employee_id}/archive": {},
    "POST /api/v1/employees/{employee_id}/restore": {},
    "POST /api/v1/employees/{employee_id}/link_user/{user_id}": {},
    "POST /api/v1/employees/{employee_id}/unlink_user": {},
    # the version is the employee's
    "POST /api/v1/employees/{employee_id}/positions/{position_id}": {},
    "POST /api/v1/employees/{employee_id}/positions/{position_id}/make_primary": {},
    "POST /api/v1/invoices/{invoice_id}/issue": {},
    "POST /api/v1/invoices/{invoice_id}/void": {},
    "POST /api/v1/patients/{patient_id}/archive": {},
    "POST /api/v1/patients/{patient_id}/restore": {},
    "POST /api/v1/patients/{patient_id}/link_user/{user_id}": {},
    "POST /api/v1/patients/{patient_id}/unlink_user": {},
    "POST /api/v1/patients/{patient_id}/merge": {"source_patient_id": 2},
    "POST /api/v1/patients/{patient_id}/unmerge": {"source_patient_id": 2},
    "POST /api/v1/phone_numbers/{phone_number_id}/make_primary": {},
    "POST /api/v1/positions/{position_id}/disable": {},
    "POST /api/v1/positions/{position_id}/enable": {},
    "POST /api/v1/services/{service_id}/disable": {},
    "POST /api/v1/services/{service_id}/enable": {},
    "POST /api/v1/sms/{sms_id}/mark_reviewed": {},
    "POST /api/v1/users/{user_id}/disable": {},
    "POST /api/v1/users/{user_id}/enable": {},
    "POST /api/v1/users/{user_id}/set_password": {"new_password": "correct horse battery staple"},
}
VERSIONED = [
    each
    for each in BUILT
    if each.name in ACTIONS or (each.method in ("PATCH", "PUT", "DELETE") and each.name not in UNVERSIONED)
]


@pytest.fixture
async def world(api: Api) -> World:
    """A record of each kind."""
    return await build(api)


def body_of(endpoint: Endpoint, world: World) -> bytes | None:
    """A body that would be read."""
    if endpoint.method == "DELETE":
        return None
    if endpoint.path.endswith("/reorder"):
        return json.dumps([{"service_id": world.shared["service_id"], "display_number": 77}]).encode()
    return b"[]" if endpoint.method == "PUT" else json.dumps((ACTIONS | UNVERSIONED).get(endpoint.name, {})).encode()


@pytest.mark.parametrize(
    "if_match", ['"999999-0b1c2d3e4f5a6b7c8d"', 'W/"1-0b1c2d3e4f5a6b7c8d"', '"x"', "1", '"999999-x", "0"']
)
async def test_another_version_is_412_and_changes_nothing(api: Api, world: World, if_match: str) -> None:
    before = await fingerprint(api)
    entries = len(await api.audited())
    faults = []
    own_session = {"session_id": api.session_ids["admin"]}
    for endpoint in [*VERSIONED, *(each for each in BUILT if each.name in UNVERSIONED)]:
        url = endpoint.url(own_session) if "session_id" in endpoint.ids else world.url(endpoint)
        answer = await api.admin.request(
            endpoint.method,
            url,
            content=body_of(endpoint, world),
            headers={"If-Match": if_match, "Content-Type": "application/json"},
        )
        if answer.status_code != 412 or answer.json()["code"] != "version_mismatch":
            faults.append(f"{endpoint.name}: {answer.status_code} {answer.text[:150]}")

    assert not faults, "\n".join(faults)
    assert await fingerprint(api) == before
    assert len(await api.audited()) == entries


def test_the_document_says_which_take_it() -> None:
    described = {
        each.name for each in BUILT if {"$ref": "#/components/parameters/If-Match"} in operation(each)["parameters"]
    }

    assert described == {each.name for each in VERSIONED}
    assert described <= ROUTES.keys()
