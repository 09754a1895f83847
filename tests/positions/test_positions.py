"""The endpoints of positions."""

import asyncio

from tests import make
from tests.api import Api, bad_fields, problem


async def test_adding_answers_201_with_its_location(api: Api) -> None:
    body = {"name": " Dental hygienist ", "description": "Cleans", "is_clinical": True}

    answer = await api.manager.post("/positions", json=body)

    position = answer.json()
    assert answer.status_code == 201
    assert position == {
        "position_id": position["position_id"],
        "name": "Dental hygienist",
        "description": "Cleans",
        "is_active": True,
        "is_clinical": True,
        "version": 1,
    }
    assert answer.headers["location"] == f"/api/v1/positions/{position['position_id']}"
    shown = await api.assistant.get(f"/positions/{position['position_id']}")
    assert (shown.json(), shown.headers["etag"]) == (position, answer.headers["etag"])
    entry = (await api.audited(entity="position", action="create"))[0]
    assert (entry["entity_id"], entry["actor_id"]) == (position["position_id"], api.user_ids["manager"])


async def test_the_list_is_by_name_with_the_disabled_ones(api: Api) -> None:
    made = [await make.position(api, name) for name in ("zahnarzt", "Ärztin", "Assistant", "Zahntechniker")]
    await api.admin.post(f"/positions/{made[0]['position_id']}/disable")

    first = (await api.receptionist.get("/positions?limit=3")).json()
    rest = (await api.receptionist.get(f"/positions?limit=3&cursor={first['next_cursor']}")).json()

    assert [each["name"] for each in first["items"]] == ["Ärztin", "Assistant", "zahnarzt"]
    assert [each["is_active"] for each in first["items"]] == [True, True, False]
    assert rest == {"items": [made[3]], "next_cursor": None}


async def test_absent_stays_and_null_clears(api: Api) -> None:
    path = f"/positions/{(await make.position(api, description='Drills', is_clinical=True))['position_id']}"

    answer = await api.admin.patch(path, json={"name": "Zahnarzt", "description": None})
    again = await api.admin.patch(path, json={"name": "Zahnarzt"})

    assert answer.status_code == 200
    assert answer.json() == (await api.admin.get(path)).json()
    assert {**answer.json(), "position_id": 0} == {
        "position_id": 0,
        "name": "Zahnarzt",
        "description": None,
        "is_active": True,
        "is_clinical": True,
        "version": 2,
    }
    assert again.json() == answer.json()


async def test_a_name_is_unique_in_any_case(api: Api) -> None:
    await make.position(api, "Ärztin")
    other = await make.position(api, "Assistant")

    added = await api.admin.post("/positions", json={"name": "ÄRZTIN"})
    renamed = await api.admin.patch(f"/positions/{other['position_id']}", json={"name": "ärztin "})

    for answer in (added, renamed):
        assert problem(answer, 409, "duplicate")["errors"][0]["field"] == "name"


async def test_of_many_at_once_with_one_name_one_is_added(api: Api) -> None:
    answers = await asyncio.gather(*(api.admin.post("/positions", json={"name": "Nurse"}) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_every_bad_field_is_named_and_nothing_is_stored(api: Api) -> None:
    body = {"name": "", "description": "x" * 10_001, "is_clinical": "yes", "is_active": True}
    path = f"/positions/{(await make.position(api))['position_id']}"

    assert bad_fields(await api.admin.post("/positions", json=body)) == body.keys()
    assert bad_fields(await api.admin.patch(path, json=body | {"name": None})) == body.keys()
    assert bad_fields(await api.admin.post("/positions", json={})) == {"name"}
    assert len((await api.admin.get("/positions")).json()["items"]) == 1
