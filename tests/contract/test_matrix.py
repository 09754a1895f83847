"""Every role at every endpoint, with its own record, another's, and one that isn't there: matrix.tsv says what happens.

A status is the answer's. Writes are sent with a body that no route reads: 415 is "may", and nothing happens. To a
patient's login, `leak` is an answer with somebody else's rows or with the staff's notes.
"""

import csv
from collections.abc import Callable
from typing import Any

import httpx
import msgspec
import pytest

from dcms import context
from dcms.access.callers import Caller
from dcms.web import gate
from dcms.web.problems import Forbidden
from tests.api import Api
from tests.contract.routes import BUILT, FOLDER, Endpoint
from tests.contract.world import World, build

STAFF = ["admin", "manager", "doctor", "assistant", "receptionist"]
# column → role, and whose record
COLUMNS = (
    {role: (role, "own") for role in STAFF}
    | {"admin_nobody": ("admin", "nobody")}
    | {f"patient_{owner}": ("patient", owner) for owner in ("own", "other", "nobody")}
    | {"anonymous": ("anonymous", "own")}
)
# what a GET can't do without
QUERY = {
    "/api/v1/availability": "date=2030-01-07",
    "/api/v1/calendar/day": "date=2030-01-07",
    "/api/v1/calendar/week": "start=2030-01-07",
    "/api/v1/calendar/month": "month=2030-01",
    "/api/v1/doctors/{employee_id}/calendar": "from=2030-01-07&to=2030-01-08",
    "/api/v1/patients/{patient_id}/treatments/by_tooth": "tooth_id=36",
    "/api/v1/patients/{patient_id}/odontogram/history": "tooth_id=36",
    "/api/v1/users/lookup": "username=admin",
}


def read_matrix() -> dict[str, dict[str, str]]:
    """What is expected, by the endpoint's name."""
    with (FOLDER / "matrix.tsv").open() as file:
        return {f"{row['method']} {row['path']}": row for row in csv.DictReader(file, delimiter="\t")}


EXPECTED = read_matrix()


@pytest.fixture
async def world(api: Api) -> World:
    """A record of each kind, and the patient's login linked to his."""
    return await build(api)


async def ask(api: Api, world: World, endpoint: Endpoint, column: str) -> str:
    """What an endpoint answers to a role."""
    role, owner = COLUMNS[column]
    client: httpx.AsyncClient = world.patient if role == "patient" else getattr(api, role)
    url = world.url(endpoint, owner)
    if endpoint.path == "/api/v1/auth/sessions/{session_id}" and owner == "own":
        url = f"/auth/sessions/{api.session_ids.get(role, 0)}"
    if endpoint.method != "GET":
        # no route reads this
        answer = await client.request(endpoint.method, url, content=b"x", headers={"Content-Type": "text/plain"})
        return str(answer.status_code)
    # a stream has no end
    method = "HEAD" if endpoint.path == "/api/v1/events" else "GET"
    answer = await client.request(method, f"{url}?{QUERY.get(endpoint.path, '')}")
    if role == "patient" and answer.status_code == 200 and leaks(answer, world):
        return "leak"
    return str(answer.status_code)


def leaks(answer: httpx.Response, world: World) -> bool:
    """Whether an answer to the patient's login shows what isn't his."""
    if "for staff" in answer.text:
        return True
    is_json = answer.headers["content-type"] == "application/json"
    return is_json and any(patient_id != world.own["patient_id"] for patient_id in patients_in(answer.json()))


def patients_in(value: Any) -> set[int]:
    """The patients that an answer names."""
    if isinstance(value, list):
        return set().union(*(patients_in(item) for item in value))
    if not isinstance(value, dict):
        return set()
    own = {value["patient_id"]} if value.get("patient_id") else set()
    return own.union(*(patients_in(item) for item in value.values()))


async def differences(api: Api, world: World, most: int = 1000) -> list[str]:
    """Where an answer is not the matrix's."""
    found = []
    for endpoint in BUILT:
        for column in COLUMNS:
            answer = await ask(api, world, endpoint, column)
            expected = EXPECTED[endpoint.name][column]
            if answer != expected:
                found.append(f"{endpoint.name} as {column}: {answer}, not {expected}")
                if len(found) == most:
                    return found
    return found


def test_the_matrix_has_every_endpoint() -> None:
    assert EXPECTED.keys() >= {endpoint.name for endpoint in BUILT}


async def test_every_role_gets_what_the_matrix_says(api: Api, world: World) -> None:
    assert await differences(api, world) == []


def no_permissions(api: Api, patch: pytest.MonkeyPatch) -> None:
    """Let everybody do everything."""
    patch.setattr(Caller, "may", lambda caller, permission: True)


def all_open(api: Api, patch: pytest.MonkeyPatch) -> None:
    """Open every route to patients' logins."""
    opened = {key: msgspec.structs.replace(access, open_to_patients=True) for key, access in routes(api).items()}
    patch.setattr(state(api), "routes", opened)


def no_path_check(api: Api, patch: pytest.MonkeyPatch) -> None:
    """Let patients' logins name any patient in path and query."""

    def only_if_open(caller: Any, access: Any, scope: Any) -> None:
        if not access.open_to_patients:
            raise Forbidden

    patch.setattr(gate, "_authorize_patient", only_if_open)


def no_own_patient(api: Api, patch: pytest.MonkeyPatch) -> None:
    """Give statements no own patient."""
    ambient = context.ambient
    patch.setattr(
        "dcms.database.queries.ambient",
        lambda parameter: None if parameter == "own_patient_id" else ambient(parameter),
    )


def no_login(api: Api, patch: pytest.MonkeyPatch) -> None:
    """Take anybody for the admin."""
    caller_of = state(api).authenticator.caller

    async def caller(authorization: bytes | None) -> Any:
        return await caller_of(authorization or api.admin.headers["authorization"].encode())

    patch.setattr(state(api).authenticator, "caller", caller)


def state(api: Api) -> Any:
    """The application's state."""
    return api.app.app.state


def routes(api: Api) -> dict[Any, Any]:
    """The application's route table."""
    table: dict[Any, Any] = state(api).routes
    return table


@pytest.mark.parametrize("remove", [no_permissions, all_open, no_path_check, no_own_patient, no_login])
async def test_the_matrix_notices_when_a_guard_is_missing(
    api: Api, world: World, monkeypatch: pytest.MonkeyPatch, remove: Callable[[Api, pytest.MonkeyPatch], None]
) -> None:
    remove(api, monkeypatch)

    assert await differences(api, world, most=1)
