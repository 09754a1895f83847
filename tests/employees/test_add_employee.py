"""POST /employees."""

from tests import make
from tests.api import Api, bad_fields, problem


async def test_adding_answers_201_with_its_location(api: Api) -> None:
    second = await make.position(api, "Partner")
    first = await make.position(api, "Dentist")

    answer = await api.manager.post(
        "/employees",
        json={
            "first_name": " Erika ",
            "last_name": "Zahn",
            "title": "Dr.",
            "email": "erika@example.org",
            "color": "#AA00ff",
            "is_bookable": True,
            "hired_on": "2020-02-29",
            "position_ids": [first["position_id"], second["position_id"]],
        },
    )

    employee = answer.json()
    assert answer.status_code == 201
    assert employee == {
        "employee_id": employee["employee_id"],
        "user_id": None,
        "first_name": "Erika",
        "last_name": "Zahn",
        "title": "Dr.",
        "email": "erika@example.org",
        "color": "#AA00ff",
        "is_bookable": True,
        "hired_on": "2020-02-29",
        "archived_at": None,
        "positions": [
            {"position_id": first["position_id"], "name": "Dentist", "is_primary": True},
            {"position_id": second["position_id"], "name": "Partner", "is_primary": False},
        ],
        "created_at": employee["created_at"],
        "updated_at": employee["created_at"],
        "version": 1,
    }
    assert answer.headers["location"] == f"/api/v1/employees/{employee['employee_id']}"
    shown = await api.assistant.get(f"/employees/{employee['employee_id']}")
    assert (shown.json(), shown.headers["etag"]) == (employee, answer.headers["etag"])
    entries = await api.audited(action="create", actor_id=api.user_ids["manager"])
    assert [(row["entity"], row["entity_id"]) for row in entries] == [
        ("employee_position", employee["employee_id"]),
        ("employee_position", employee["employee_id"]),
        ("employee", employee["employee_id"]),
    ]


async def test_what_is_not_sent_has_its_default(api: Api) -> None:
    employee = (await api.admin.post("/employees", json={"first_name": "A", "last_name": "B", "title": ""})).json()

    assert [employee[name] for name in ("title", "email", "color", "is_bookable", "hired_on", "positions")] == [
        None,
        None,
        "#4f7cac",
        False,
        None,
        [],
    ]


async def test_unknown_and_disabled_positions_are_refused_whole(api: Api) -> None:
    good, disabled = await make.position(api, "Dentist"), await make.position(api, "Trainee")
    await api.admin.post(f"/positions/{disabled['position_id']}/disable")
    body = {"first_name": "A", "last_name": "B"}

    unknown = await api.admin.post("/employees", json=body | {"position_ids": [good["position_id"], 999]})
    inactive = await api.admin.post(
        "/employees", json=body | {"position_ids": [good["position_id"], disabled["position_id"]]}
    )

    assert problem(unknown, 422, "unknown_reference")["errors"][0]["field"] == "position_ids"
    assert problem(inactive, 422, "inactive")["errors"][0]["field"] == "position_ids"
    assert (await api.admin.get("/employees")).json()["items"] == []


async def test_every_bad_field_is_named_and_nothing_is_stored(api: Api) -> None:
    body = {
        "last_name": "x" * 101,
        "title": 7,
        "email": "erika@",
        "color": "red",
        "is_bookable": None,
        "hired_on": "2020-02-30",
        "user_id": 1,
    }

    answer = await api.admin.post("/employees", json=body | {"position_ids": [1, 2, 1]})
    wrong_ids = await api.admin.post("/employees", json={"first_name": "A", "last_name": "B", "position_ids": [0, "1"]})

    assert bad_fields(answer) == body.keys() | {"first_name", "position_ids[2]"}
    assert bad_fields(wrong_ids) == {"position_ids[0]"}
    assert (await api.admin.get("/employees")).json()["items"] == []


async def test_only_admins_and_managers_add_employees(api: Api) -> None:
    for client in (api.doctor, api.assistant, api.receptionist, api.patient):
        problem(await client.post("/employees", json={"first_name": "A", "last_name": "B"}), 403, "forbidden")
    problem(await api.anonymous.post("/employees", json={}), 401, "unauthenticated")
    assert {row["entity"] for row in await api.audited(action="denied")} == {"employee"}
