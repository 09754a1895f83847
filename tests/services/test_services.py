"""POST /services, GET, PATCH, disable and enable of one."""

import asyncio

from tests import make
from tests.api import Api, bad_fields, problem


async def test_adding_answers_201_with_its_location(api: Api) -> None:
    answer = await api.manager.post(
        "/services",
        json={
            "code": " D2391 ",
            "name": "Filling, one surface",
            "service_type": "restorative",
            "duration_min": 45,
            "price": "80.5",
            "resulting_condition": "filled",
        },
    )

    service = answer.json()
    assert answer.status_code == 201
    assert service == {
        "service_id": service["service_id"],
        "code": "D2391",
        "name": "Filling, one surface",
        "service_type": "restorative",
        "description": None,
        "duration_min": 45,
        "price": "80.50",
        "display_number": 1,
        "resulting_condition": "filled",
        "is_active": True,
        "version": 1,
    }
    assert answer.headers["location"] == f"/api/v1/services/{service['service_id']}"
    shown = await api.patient.get(f"/services/{service['service_id']}")
    assert (shown.json(), shown.headers["etag"]) == (service, answer.headers["etag"])
    entry = (await api.audited(entity="service_catalog", action="create"))[0]
    assert (entry["entity_id"], entry["actor_id"]) == (service["service_id"], api.user_ids["manager"])


async def test_the_next_number_is_after_the_last(api: Api) -> None:
    await make.service(api, "A", display_number=7)
    await make.service(api, "B", display_number=3)

    assert (await make.service(api, "C"))["display_number"] == 8
    assert (await make.service(api, "D", display_number=1_000_000))["display_number"] == 1_000_000
    assert (await make.service(api, "E"))["display_number"] == 1_000_001


async def test_many_at_once_get_a_number_each(api: Api) -> None:
    made = await asyncio.gather(*(make.service(api, f"S{n}") for n in range(20)))

    assert sorted(service["display_number"] for service in made) == list(range(1, 21))


async def test_codes_and_numbers_are_unique(api: Api) -> None:
    await make.service(api, "d1", display_number=5)
    other = await make.service(api, "d2")
    body = {"code": "X", "name": "A", "service_type": "t", "duration_min": 30, "price": "1"}
    path = f"/services/{other['service_id']}"
    keyed = {"Idempotency-Key": "k-1"}

    codes = [
        await api.admin.post("/services", json=body | {"code": "D1"}),
        await api.admin.patch(path, json={"code": "D1"}),
    ]
    numbers = [
        await api.admin.post("/services", json=body | {"display_number": 5}),
        await api.admin.post("/services", json=body | {"display_number": 5}, headers=keyed),
        await api.admin.patch(path, json={"display_number": 5}),
    ]

    assert {problem(answer, 409, "duplicate")["errors"][0]["field"] for answer in codes} == {"code"}
    assert {problem(answer, 409, "duplicate")["errors"][0]["field"] for answer in numbers} == {"display_number"}
    assert (await api.admin.get(path)).json() == other
    assert len((await api.admin.get("/services")).json()["items"]) == 2


async def test_absent_stays_and_null_clears(api: Api) -> None:
    service = await make.service(api, description="Small", resulting_condition="filled")
    path = f"/services/{service['service_id']}"

    answer = await api.admin.patch(path, json={"description": None, "price": "95", "resulting_condition": None})
    again = await api.admin.patch(path, json={"price": "95.00", "description": ""})

    assert answer.status_code == 200
    assert answer.json() == service | {
        "description": None,
        "price": "95.00",
        "resulting_condition": None,
        "version": 2,
    }
    assert again.json() == answer.json()
    assert len(await api.audited(entity="service_catalog", action="update")) == 1


async def test_every_bad_field_is_named_and_nothing_is_stored(api: Api) -> None:
    body = {
        "code": "x" * 51,
        "name": None,
        "service_type": " ",
        "duration_min": 4,
        "price": 80,
        "display_number": 0,
        "resulting_condition": "broken",
        "is_active": False,
    }
    path = f"/services/{(await make.service(api))['service_id']}"

    assert bad_fields(await api.admin.post("/services", json=body)) == body.keys()
    assert bad_fields(await api.admin.patch(path, json=body | {"display_number": None})) == body.keys()
    assert bad_fields(await api.admin.post("/services", json={})) == {
        "code",
        "name",
        "service_type",
        "duration_min",
        "price",
    }
    for price in ("-1", "1.005", "1e3", "1,50", "1000000000", ""):
        assert bad_fields(await api.admin.patch(path, json={"price": price})) == {"price"}
    assert len((await api.admin.get("/services")).json()["items"]) == 1
