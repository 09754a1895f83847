"""PATCH /services/reorder."""

import asyncio
import itertools
from typing import Any

from tests import make
from tests.api import Api, bad_fields, problem


def place(service: dict[str, Any], display_number: int) -> dict[str, int]:
    return {"service_id": service["service_id"], "display_number": display_number}


async def numbers(api: Api) -> dict[str, int]:
    items = (await api.admin.get("/services?include_inactive=true")).json()["items"]
    return {service["code"]: service["display_number"] for service in items}


async def test_numbers_are_swapped_and_the_active_ones_answered(api: Api) -> None:
    one, two, three = [await make.service(api, code) for code in ("A", "B", "C")]
    await api.admin.post(f"/services/{three['service_id']}/disable")

    answer = await api.manager.patch("/services/reorder", json=[place(one, 3), place(two, 2), place(three, 1)])

    assert answer.status_code == 200
    assert answer.json() == {"items": [two, one | {"display_number": 3, "version": 2}], "next_cursor": None}
    assert await numbers(api) == {"C": 1, "B": 2, "A": 3}
    assert {row["entity_id"] for row in await api.audited(action="update", actor_id=api.user_ids["manager"])} == {
        one["service_id"],
        three["service_id"],
    }


async def test_the_same_order_again_changes_nothing(api: Api) -> None:
    one, two = await make.service(api, "A"), await make.service(api, "B")

    for body in ([place(one, 1), place(two, 2)], []):
        answer = await api.admin.patch("/services/reorder", json=body)
        assert answer.json() == {"items": [one, two], "next_cursor": None}
    assert await api.audited(action="update") == []


async def test_a_number_of_another_is_refused_whole(api: Api) -> None:
    one, two, _ = [await make.service(api, code) for code in ("A", "B", "C")]

    for body in ([place(two, 9), place(one, 3)], [place(one, 7), place(two, 7)]):
        answer = await api.admin.patch("/services/reorder", json=body)
        assert problem(answer, 409, "duplicate")["errors"][0]["field"] == "display_number"
    assert await numbers(api) == {"A": 1, "B": 2, "C": 3}


async def test_an_unknown_service_is_refused_whole(api: Api) -> None:
    one = await make.service(api, "A")
    unknown = {"service_id": 2**63 - 1, "display_number": 5}

    for body, field in (([place(one, 9), unknown], "[1].service_id"), ([unknown], "[0].service_id")):
        answer = await api.admin.patch("/services/reorder", json=body)
        assert problem(answer, 422, "unknown_reference")["errors"][0]["field"] == field
    assert await numbers(api) == {"A": 1}


async def test_every_bad_field_is_named(api: Api) -> None:
    one = await make.service(api, "A")

    twice = await api.admin.patch("/services/reorder", json=[place(one, 1), place(one, 2)])
    bad = await api.admin.patch(
        "/services/reorder",
        json=[{"service_id": 0, "display_number": "1"}, {"service_id": 1, "number": 1}, 7, place(one, 1_000_001)],
    )

    assert bad_fields(twice) == {"[1].service_id"}
    assert bad_fields(bad) == {
        "[0].service_id",
        "[0].display_number",
        "[1].display_number",
        "[1].number",
        "[2]",
        "[3].display_number",
    }
    assert bad_fields(await api.admin.patch("/services/reorder", json={"service_id": 1})) == {""}


async def test_reorders_and_additions_at_once_leave_every_number_unique(api: Api) -> None:
    services = [await make.service(api, f"S{n}") for n in range(4)]
    orders = list(itertools.permutations(range(1, 5)))[:12]

    answers = await asyncio.gather(
        *(
            api.admin.patch("/services/reorder", json=[place(*pair) for pair in zip(services, order, strict=True)])
            for order in orders
        ),
        *(
            api.admin.post(
                "/services", json={"code": f"N{n}", "name": "N", "service_type": "t", "duration_min": 30, "price": "1"}
            )
            for n in range(6)
        ),
    )

    assert [answer.status_code for answer in answers] == [200] * 12 + [201] * 6
    assert sorted((await numbers(api)).values()) == list(range(1, 11))


async def test_only_admins_and_managers_reorder(api: Api) -> None:
    for client in (api.doctor, api.assistant, api.receptionist, api.patient):
        problem(await client.patch("/services/reorder", json=[]), 403, "forbidden")
    problem(await api.anonymous.patch("/services/reorder", json=[]), 401, "unauthenticated")
