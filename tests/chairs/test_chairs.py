"""The endpoints of chairs."""

import asyncio

from tests import make
from tests.api import Api, bad_fields, problem


async def test_adding_answers_201_with_its_location(api: Api) -> None:
    answer = await api.manager.post("/chairs", json={"name": " Chair 1 "})

    chair = answer.json()
    assert answer.status_code == 201
    assert chair == {
        "chair_id": chair["chair_id"],
        "name": "Chair 1",
        "is_active": True,
        "created_at": chair["created_at"],
        "updated_at": chair["created_at"],
        "version": 1,
    }
    assert answer.headers["location"] == f"/api/v1/chairs/{chair['chair_id']}"
    shown = await api.assistant.get(f"/chairs/{chair['chair_id']}")
    assert (shown.json(), shown.headers["etag"]) == (chair, answer.headers["etag"])
    entry = (await api.audited(entity="chair", action="create"))[0]
    assert (entry["entity_id"], entry["actor_id"]) == (chair["chair_id"], api.user_ids["manager"])


async def test_the_list_is_by_name_with_the_disabled_ones(api: Api) -> None:
    made = [await make.chair(api, name) for name in ("right", "Left", "Überraum")]
    await api.admin.post(f"/chairs/{made[0]['chair_id']}/disable")

    first = (await api.receptionist.get("/chairs?limit=2")).json()
    rest = (await api.receptionist.get(f"/chairs?limit=2&cursor={first['next_cursor']}")).json()

    assert [(each["name"], each["is_active"]) for each in first["items"]] == [("Left", True), ("right", False)]
    assert rest == {"items": [made[2]], "next_cursor": None}


async def test_a_chair_is_renamed_once(api: Api) -> None:
    path = f"/chairs/{(await make.chair(api))['chair_id']}"

    answers = [await api.admin.patch(path, json=body) for body in ({"name": "X-ray"}, {"name": "X-ray"}, {})]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert [(answer.json()["name"], answer.json()["version"]) for answer in answers] == [("X-ray", 2)] * 3


async def test_a_name_is_unique_in_any_case(api: Api) -> None:
    await make.chair(api, "Left")
    other = await make.chair(api, "Right")

    added = await api.admin.post("/chairs", json={"name": "LEFT"})
    renamed = await api.admin.patch(f"/chairs/{other['chair_id']}", json={"name": "left"})

    for answer in (added, renamed):
        assert problem(answer, 409, "duplicate")["errors"][0]["field"] == "name"


async def test_of_many_at_once_with_one_name_one_is_added(api: Api) -> None:
    answers = await asyncio.gather(*(api.admin.post("/chairs", json={"name": "Left"}) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_every_bad_field_is_named_and_nothing_is_stored(api: Api) -> None:
    path = f"/chairs/{(await make.chair(api))['chair_id']}"

    assert bad_fields(await api.admin.post("/chairs", json={"name": "x" * 101, "is_active": True})) == {
        "name",
        "is_active",
    }
    assert bad_fields(await api.admin.post("/chairs", json={"chair_id": 1})) == {"name", "chair_id"}
    assert bad_fields(await api.admin.patch(path, json={"name": None, "version": 2})) == {"name", "version"}
    assert len((await api.admin.get("/chairs")).json()["items"]) == 1
