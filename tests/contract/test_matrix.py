"""Every role at every endpoint, with its own record, another's, and one that isn't there: matrix.tsv says what happens.

A matrix that would not notice a missing guard says nothing, so each route is asked again without each of its guards.
"""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from dcms import context
from dcms.access.callers import Caller
from dcms.access.permissions import HOLDERS, Permission, Role
from dcms.auth.sessions import SessionRepository
from dcms.web import gate
from dcms.web.problems import Forbidden
from dcms.web.routes import RouteAccess
from dcms.webhooks import requests
from tests.api import Api
from tests.contract.matrix import ASKED, EXPECTED, OF_PATIENT, STAFF, differences
from tests.contract.routes import ROUTES, Endpoint
from tests.contract.world import World, build

PATIENT = ["patient_own", "patient_other", "patient_nobody"]
# open to patients' logins, and about no patient
OF_THE_CLINIC = {
    "GET /api/v1/availability",
    "GET /api/v1/clinic",
    "GET /api/v1/clinic/meta",
    "GET /api/v1/services",
    "GET /api/v1/services/types",
    "GET /api/v1/services/{service_id}",
    "GET /api/v1/teeth/definitions",
    "GET /api/v1/teeth/definitions/{tooth_id}",
}


@pytest.fixture
async def world(api: Api) -> World:
    """A record of each kind, and the patient's login linked to his."""
    return await build(api)


def test_the_matrix_has_every_endpoint() -> None:
    assert EXPECTED.keys() == {endpoint.name for endpoint in ASKED}


async def test_every_role_gets_what_the_matrix_says(api: Api, world: World) -> None:
    assert await differences(api, world) == []


class Guard(msgspec.Struct, frozen=True):
    """What stands between a route and who may not use it."""

    # whether a route has it
    stands: Callable[[RouteAccess], bool]
    # takes it away, from one route or from what only this route uses while it is asked
    remove: Callable[[Api, World, RouteAccess, pytest.MonkeyPatch], None]
    # who could get in without it
    columns: list[str]
    # routes where another guard stands behind it, so that nobody gets in
    backed: frozenset[str] = frozenset()


def without(**changes: Any) -> Callable[[Api, World, RouteAccess, pytest.MonkeyPatch], None]:
    """Declare one route otherwise."""

    def remove(api: Api, _world: World, access: RouteAccess, patch: pytest.MonkeyPatch) -> None:
        table = api.app.app.state.routes
        changed = {
            key: msgspec.structs.replace(each, **changes) if each.name == access.name else each
            for key, each in table.items()
        }
        assert changed != table
        patch.setattr(api.app.app.state, "routes", changed)

    return remove


def take_anybody(api: Api, _world: World, _access: RouteAccess, patch: pytest.MonkeyPatch) -> None:
    """Take whoever sends no token for the admin."""
    caller_of = gate._caller

    async def caller(authenticator: Any, headers: dict[bytes, bytes], access: RouteAccess) -> Caller:
        token = api.admin.headers["authorization"].encode()
        return await caller_of(authenticator, {b"authorization": token} | headers, access)

    patch.setattr(gate, "_caller", caller)


def take_any_path(_api: Api, _world: World, access: RouteAccess, patch: pytest.MonkeyPatch) -> None:
    """Let patients' logins name any patient in path and query."""

    def only_if_open(_caller: Caller, asked: RouteAccess, _scope: Any) -> None:
        assert asked.name == access.name
        if not asked.open_to_patients:
            raise Forbidden

    patch.setattr(gate, "_authorize_patient", only_if_open)


def show_any_row(_api: Api, _world: World, _access: RouteAccess, patch: pytest.MonkeyPatch) -> None:
    """Give statements no own patient."""
    ambient = context.ambient
    patch.setattr(
        "dcms.database.queries.ambient",
        lambda parameter: None if parameter == "own_patient_id" else ambient(parameter),
    )


def show_any_record(api: Api, world: World, access: RouteAccess, patch: pytest.MonkeyPatch) -> None:
    """Neither ask for one's own record nor keep to it."""
    take_any_path(api, world, access, patch)
    show_any_row(api, world, access, patch)


def take_any_session(_api: Api, world: World, _access: RouteAccess, patch: pytest.MonkeyPatch) -> None:
    """Take whoever names a session for its owner."""
    owner_id = world.shared["user_id"]
    for verb in ("get", "extend", "revoke"):
        patch.setattr(SessionRepository, verb, _as_owner(getattr(SessionRepository, verb), owner_id))


def _as_owner(method: Callable[..., Any], owner_id: int) -> Callable[..., Any]:
    def called(sessions: SessionRepository, session_id: int, caller: Caller) -> Any:
        return method(sessions, session_id, msgspec.structs.replace(caller, user_id=owner_id))

    return called


def take_any_signature(_api: Api, _world: World, _access: RouteAccess, patch: pytest.MonkeyPatch) -> None:
    """Believe everybody to be the provider."""
    patch.setattr(requests, "is_signed", lambda *_: True)
    patch.setattr(requests, "is_body_signed", lambda *_: True)


def refuses_somebody(access: RouteAccess) -> bool:
    """Whether there is a role that doesn't hold the route's permission."""
    return HOLDERS.get(access.permission, frozenset(Role)) != frozenset(Role)


def is_of_patient(access: RouteAccess) -> bool:
    """Whether a patient's login may use the route for what is his."""
    return access.open_to_patients and access.name.rstrip("/") not in OF_THE_CLINIC


def names_patient(access: RouteAccess) -> bool:
    """Whether a request of a patient's login can say whose records it wants."""
    path = access.name.rstrip("/").partition(" ")[2]
    return is_of_patient(access) and ("{patient_id" in path or path in OF_PATIENT)


GUARDS = {
    "login": Guard(
        stands=lambda access: access.permission is not Permission.PUBLIC,
        remove=take_anybody,
        columns=["anonymous"],
    ),
    "permission": Guard(
        stands=refuses_somebody, remove=without(permission=Permission.AUTHENTICATED), columns=[*STAFF, *PATIENT]
    ),
    "closed to patients": Guard(
        stands=lambda access: (
            access.permission not in (Permission.PUBLIC, Permission.AUTHENTICATED)
            and Role.PATIENT in HOLDERS[access.permission]
            and not access.open_to_patients
        ),
        remove=without(open_to_patients=True),
        columns=PATIENT,
    ),
    "own record": Guard(stands=is_of_patient, remove=show_any_record, columns=PATIENT),
    "own path": Guard(
        stands=names_patient,
        remove=take_any_path,
        columns=PATIENT,
        backed=frozenset(
            f"GET /api/v1/patients/{{patient_id}}{rest}" for rest in ("", "/summary", "/balance", "/odontogram")
        ),
    ),
    "own rows": Guard(
        stands=lambda access: is_of_patient(access) and "{patient_id" not in access.name,
        remove=show_any_row,
        columns=PATIENT,
    ),
    "own session": Guard(
        stands=lambda access: "/auth/sessions/{session_id" in access.name,
        remove=take_any_session,
        columns=PATIENT,
    ),
    "new password first": Guard(
        stands=lambda access: access.permission is not Permission.PUBLIC and not access.before_password_change,
        remove=without(before_password_change=True),
        columns=["newcomer"],
    ),
    "not for another": Guard(
        stands=lambda access: access.closed_to_impersonation,
        remove=without(closed_to_impersonation=False),
        columns=["acting"],
    ),
    "signature": Guard(
        stands=lambda access: "/webhook/" in access.name, remove=take_any_signature, columns=["anonymous"]
    ),
}


def access_of(endpoint: Endpoint) -> RouteAccess:
    """An endpoint's terms."""
    return ROUTES[endpoint.name]


def test_every_route_has_a_guard_but_those_for_everybody() -> None:
    unguarded = {
        endpoint.name for endpoint in ASKED if not any(guard.stands(access_of(endpoint)) for guard in GUARDS.values())
    }

    assert unguarded == {
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/patient/login",
        "POST /api/v1/auth/refresh",
        "GET /api/v1/health",
        "GET /api/v1/health/live",
        "GET /api/v1/version",
    }


@pytest.mark.parametrize("name", GUARDS)
async def test_the_matrix_notices_each_route_that_lost_a_guard(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    guard = GUARDS[name]
    guarded = [endpoint for endpoint in ASKED if guard.stands(access_of(endpoint))]
    unnoticed = set()
    for endpoint in guarded:
        with monkeypatch.context() as patch:
            guard.remove(api, world, access_of(endpoint), patch)
            found = await differences(api, world, [endpoint], guard.columns, most=1)
        if not found:
            unnoticed.add(endpoint.name)
        # let in, not broken
        assert not any(": 5" in difference for difference in found), found

    assert guarded
    assert unnoticed == guard.backed
