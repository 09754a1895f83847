"""POST …/make_primary, and one primary number whatever happens at once."""

import asyncio

from tests.api import Api, problem
from tests.phones.holders import Kind, of_each_kind


@of_each_kind
async def test_another_number_becomes_primary_once(api: Api, kind: Kind) -> None:
    holder_id = await kind.holder(api)
    first, second = [await kind.add(api, holder_id, f"0171 234567{n}") for n in range(2)]
    path = f"{kind.numbers}/{second['phone_number_id']}/make_primary"

    answers = [await api.admin.post(path) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json() == {**second, "is_primary": True, "version": 2}
    assert await kind.list(api, holder_id) == [{**first, "is_primary": False, "version": 2}, answers[0].json()]
    assert len(await api.audited(action="update", entity=kind.table)) == 2
    if kind.name == "patient":
        assert (await api.admin.get(f"/patients/{holder_id}")).json()["primary_phone"] == second["e164"]


@of_each_kind
async def test_fifty_calls_at_once_leave_one_primary_number(api: Api, kind: Kind) -> None:
    holder_id = await kind.holder(api)
    ids = [(await kind.add(api, holder_id, f"0171 23456{n}"))["phone_number_id"] for n in range(10, 20)]
    numbers = f"{kind.holders}/{holder_id}/phone_numbers"

    answers = await asyncio.gather(
        *(api.admin.post(f"{kind.numbers}/{each}/make_primary") for each in ids * 3),
        *(api.admin.delete(f"{kind.numbers}/{each}") for each in ids[:5] * 2),
        *(api.admin.post(numbers, json={"number": f"0171 23456{n}"}) for n in range(20, 30)),
    )

    assert {answer.status_code for answer in answers} <= {200, 201, 204, 404}
    assert sum(answer.status_code == 204 for answer in answers) == 5
    assert sum(answer.status_code == 201 for answer in answers) == 10
    left = await kind.list(api, holder_id)
    assert len(left) == 15
    assert sum(each["is_primary"] for each in left) == 1


@of_each_kind
async def test_all_removed_and_one_added_at_once(api: Api, kind: Kind) -> None:
    holder_id = await kind.holder(api)
    ids = [(await kind.add(api, holder_id, f"0171 23456{n}"))["phone_number_id"] for n in range(10, 20)]

    await asyncio.gather(
        *(api.admin.delete(f"{kind.numbers}/{each}") for each in ids),
        api.admin.post(f"{kind.holders}/{holder_id}/phone_numbers", json={"number": "0171 2345690"}),
    )

    assert [each["is_primary"] for each in await kind.list(api, holder_id)] == [True]


@of_each_kind
async def test_the_first_numbers_at_once(api: Api, kind: Kind) -> None:
    holder_id = await kind.holder(api)
    path = f"{kind.holders}/{holder_id}/phone_numbers"

    same = await asyncio.gather(*(api.admin.post(path, json={"number": "0171 2345678"}) for _ in range(10)))
    others = await asyncio.gather(*(api.admin.post(path, json={"number": f"0171 23456{n}"}) for n in range(10, 20)))

    assert sorted(answer.status_code for answer in same) == [201] + [409] * 9
    for answer in same:
        if answer.status_code == 409:
            problem(answer, 409, "duplicate")
    assert {answer.status_code for answer in others} == {201}
    assert [each["is_primary"] for each in await kind.list(api, holder_id)] == [True] + [False] * 10
