"""GET and PATCH /employees/{employee_id}."""

from tests import make
from tests.api import Api, bad_fields, problem


async def test_absent_stays_and_null_clears(api: Api) -> None:
    position = await make.position(api)
    employee = await make.employee(
        api, title="Dr.", hired_on="2020-01-01", is_bookable=True, position_ids=[position["position_id"]]
    )
    path = f"/employees/{employee['employee_id']}"

    answer = await api.manager.patch(path, json={"title": None, "color": "#000000", "hired_on": ""})
    again = await api.manager.patch(path, json={"color": "#000000"})

    changed = answer.json()
    assert answer.status_code == 200
    assert changed == employee | {
        "title": None,
        "color": "#000000",
        "hired_on": None,
        "updated_at": changed["updated_at"],
        "version": 2,
    }
    assert again.json() == changed
    shown = await api.receptionist.get(path)
    assert (shown.json(), shown.headers["etag"]) == (changed, answer.headers["etag"])
    entry = (await api.audited(entity="employee", action="update"))[0]
    assert entry["after"] == {"title": None, "color": "#000000", "hired_on": None}


async def test_every_bad_field_is_named_and_nothing_changes(api: Api) -> None:
    path = f"/employees/{(await make.employee(api))['employee_id']}"
    body: dict[str, object] = {
        "first_name": None,
        "email": "x",
        "color": "#12345",
        "is_bookable": 1,
        "position_ids": [],
        "archived_at": None,
    }

    assert bad_fields(await api.admin.patch(path, json=body)) == body.keys()
    assert (await api.admin.get(path)).json()["version"] == 1


async def test_who_may_what(api: Api) -> None:
    path = f"/employees/{(await make.employee(api))['employee_id']}"

    for client in (api.doctor, api.assistant, api.receptionist):
        assert (await client.get(path)).status_code == 200
        problem(await client.patch(path, json={"title": "Dr."}), 403, "forbidden")
    problem(await api.patient.get(path), 403, "forbidden")
    problem(await api.anonymous.get(path), 401, "unauthenticated")


async def test_what_names_nothing_is_404(api: Api) -> None:
    problem(await api.admin.get("/employees/9"), 404, "not_found")
    problem(await api.admin.patch("/employees/9", json={"title": "Dr."}), 404, "not_found")


async def test_another_version_is_412_and_changes_nothing(api: Api) -> None:
    path = f"/employees/{(await make.employee(api))['employee_id']}"
    stale = {"If-Match": (await api.admin.get(path)).headers["etag"]}
    current = (await api.admin.patch(path, json={"title": "Dr."}, headers=stale)).json()

    problem(await api.admin.patch(path, json={"title": "Prof."}, headers=stale), 412, "version_mismatch")
    assert (await api.admin.get(path)).json() == current
