"""matrix.tsv and how an endpoint is asked about a cell of it: what a role gets with its own record, another's, or none.

A status is the answer's. Writes are sent with a body that no route reads: 415 is "may", and nothing happens. To a
patient's login, `leak` is an answer with somebody else's rows or with the staff's notes. The columns `newcomer` and
`acting` are an admin who has to change his password first and one who acts as another user.
"""

import csv
from collections.abc import Iterable
from typing import Any

import httpx

from tests.api import Api
from tests.contract.routes import BUILT, ENDPOINTS, FOLDER, Endpoint
from tests.contract.world import World

STAFF = ["admin", "manager", "doctor", "assistant", "receptionist"]
# column → role, and whose record
COLUMNS = (
    {role: (role, "own") for role in [*STAFF, "newcomer", "acting"]}
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
# lists that may be asked for one patient's rows: not for one's own, so that the list itself has to keep to them
OF_PATIENT = {"/api/v1/appointments", "/api/v1/treatments", "/api/v1/invoices", "/api/v1/payments"}
# the writes that are for one's own records only: sent as they are for another's, as nothing happens either
OWN_ONLY = {f"/api/v1/auth/sessions/{{session_id}}/{action}" for action in ("extend", "revoke")}
HOME = next(endpoint for endpoint in ENDPOINTS if endpoint.name == "GET /home")
ASKED = [*BUILT, HOME]


def read_matrix() -> dict[str, dict[str, str]]:
    """What is expected, by the endpoint's name."""
    with (FOLDER / "matrix.tsv").open() as file:
        return {f"{row['method']} {row['path']}": row for row in csv.DictReader(file, delimiter="\t")}


EXPECTED = read_matrix()


async def ask(api: Api, world: World, endpoint: Endpoint, column: str) -> str:
    """What an endpoint answers to a role."""
    role, owner = COLUMNS[column]
    client: httpx.AsyncClient = world.clients.get(role) or getattr(api, role)
    path = world.url(endpoint, owner)
    url = str(client.base_url.join(endpoint.path)) if endpoint is HOME else path
    if endpoint.path == "/api/v1/auth/sessions/{session_id}" and owner == "own":
        url = f"/auth/sessions/{world.session_ids.get(role) or api.session_ids.get(role, 0)}"
    if endpoint.path in OWN_ONLY and owner != "own":
        return str((await client.post(url)).status_code)
    if endpoint.method != "GET":
        # no route reads this
        answer = await client.request(endpoint.method, url, content=b"x", headers={"Content-Type": "text/plain"})
        return str(answer.status_code)
    query = QUERY.get(endpoint.path, "")
    if endpoint.path in OF_PATIENT and owner != "own":
        query = f"patient_id={world.of_patient(owner)['patient_id']}"
    # a stream has no end
    method = "HEAD" if endpoint.path == "/api/v1/events" else "GET"
    answer = await client.request(method, f"{url}?{query}")
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


async def differences(
    api: Api,
    world: World,
    endpoints: Iterable[Endpoint] = ASKED,
    columns: Iterable[str] = COLUMNS,
    most: int = 1000,
) -> list[str]:
    """Where an answer is not the matrix's."""
    found = []
    for endpoint in endpoints:
        for column in columns:
            answer = await ask(api, world, endpoint, column)
            expected = EXPECTED[endpoint.name][column]
            if answer != expected:
                found.append(f"{endpoint.name} as {column}: {answer}, not {expected}")
                if len(found) == most:
                    return found
    return found
