"""Merges at the same moment as each other, and as whatever else is written of the two."""

import asyncio
import itertools
from typing import Any

import asyncpg
import httpx
import pytest

from tests import make
from tests.api import Api, problem
from tests.merges.records import NOTHING, contents, merge, unmerge, with_everything


async def until_waiting(api: Api, number: int) -> None:
    """Until so many statements wait for a lock."""
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    # not the owner's connection, which may be in a transaction and sees the same all along
    other = await asyncpg.connect(api.owner_url)
    try:
        async with asyncio.timeout(60):
            while number != await other.fetchval(waiting):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
    finally:
        await other.close()


@pytest.mark.parametrize("round_number", range(5))
async def test_of_both_ways_at_once_exactly_one_wins(api: Api, round_number: int) -> None:
    a = await with_everything(api, "+491712345678", 9)
    b = await with_everything(api, "+491712345679", 11)
    before = await contents(api)

    answers = await asyncio.gather(
        *(
            api.manager.post(f"/patients/{target}/merge", json={"source_patient_id": source})
            for target, source in ((a, b), (b, a))
        )
    )

    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    survivor = won.json()["patient"]["patient_id"]
    after = await contents(api)
    assert won.status_code == 200
    assert problem(lost, 409, "merged")["merged_into"] == survivor
    assert {name: rows.keys() for name, rows in after.items()} == {name: rows.keys() for name, rows in before.items()}
    assert {row["patient_id"] for name, rows in after.items() if name != "patient" for row in rows.values()} == {
        survivor
    }


async def test_of_many_at_once_one_moves(api: Api) -> None:
    target = (await make.patient(api))["patient_id"]
    source = await with_everything(api, "+491712345679", 11)

    merged = await asyncio.gather(*(merge(api, target, source) for _ in range(6)))

    assert sorted(each["moved"] == NOTHING for each in merged) == [False, *[True] * 5]
    assert await api.owner.fetchval("select count(*) from patient_merge") == 1


async def test_a_ring_of_merges_leaves_one_who_is_not_merged(api: Api) -> None:
    ids = [(await make.patient(api))["patient_id"] for _ in range(5)]

    answers = await asyncio.gather(
        *(
            api.manager.post(f"/patients/{target}/merge", json={"source_patient_id": source})
            for target, source in zip(ids, ids[1:] + ids[:1], strict=True)
        )
    )

    assert {answer.status_code for answer in answers} == {200, 409}
    merged = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert merged == {"merged"}
    # whoever is merged points to somebody who isn't
    assert (
        await api.owner.fetchval(
            """
            select count(*)
            from patient as source
            join patient as target on target.patient_id = source.merged_into
            where target.merged_into is not null
            """
        )
        == 0
    )


async def test_whatever_is_written_of_the_source_meanwhile_is_the_targets_or_refused(api: Api) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    _, hold = await make.holder(api, "+491712345670")
    await api.owner.execute("update patient_phone set patient_id = $1 where phone_number_id = $2", source, hold)
    doctor_id = await make.doctor(api)
    writes: list[tuple[str, dict[str, Any]]] = [
        ("/payments", {"patient_id": source, "amount": "1.00", "method": "cash"}),
        ("/invoices", {"patient_id": source, "lines": [make.line()]}),
        ("/treatments", {"patient_id": source, "doctor_id": doctor_id}),
        (f"/patients/{source}/phone_numbers", {"number": "+491712345671"}),
        (f"/phone_numbers/{hold}/sms", {"text": "Hello"}),
        ("/calls", {"phone_number_id": hold, "direction": "in"}),
        (
            "/appointments",
            {"patient_id": source, "doctor_id": doctor_id, "starts_at": make.workday().isoformat()},
        ),
    ]

    async def write(path: str, body: dict[str, Any]) -> httpx.Response:
        return await api.admin.post(path, json=body)

    for _ in range(3):
        merged, *answers = await asyncio.gather(
            api.manager.post(f"/patients/{target}/merge", json={"source_patient_id": source}),
            *(write(path, body) for path, body in writes),
        )
        left = await contents(api)

        assert merged.status_code == 200
        assert {answer.status_code for answer in answers} <= {201, 409}
        for name, rows in left.items():
            assert name == "patient" or source not in {row["patient_id"] for row in rows.values()}, name
        await api.manager.post(f"/patients/{target}/unmerge", json={"source_patient_id": source})
        await api.owner.execute("delete from appointment_event; delete from treatment; delete from appointment")


@pytest.mark.parametrize("table", ["sms", "call"])
async def test_what_comes_in_for_the_source_during_the_merge_is_the_targets(api: Api, table: str) -> None:
    target, source = [(await make.patient(api))["patient_id"] for _ in range(2)]
    columns = {
        "sms": "direction, text, status, segments, encoding) values ($1, 'in', 'x', 'received', 1, 'GSM-7')",
        "call": "direction, contact_type, status, started_at) values ($1, 'in', 'patient', 'missed', now())",
    }[table]
    insert = f"insert into {table} (patient_id, {columns} returning patient_id"

    # one comes just before the merge and is not yet committed
    async with api.owner.transaction():
        await api.owner.execute(insert, source)
        merging = asyncio.create_task(merge(api, target, source))
        await asyncio.sleep(0.3)
        is_waiting = not merging.done()
    merged = await merging
    late = await api.owner.fetchval(insert, source)

    assert is_waiting
    assert merged["moved"][table] == 1
    assert late == target


async def test_a_call_that_is_found_to_be_the_sources_during_the_merge_is_the_targets(api: Api) -> None:
    target = (await make.patient(api))["patient_id"]
    source, hold = await make.holder(api)
    answers = [
        await api.receptionist.post("/calls", json={"direction": "in", **fields})
        for fields in ({"phone_number_id": hold}, {"number": "+491712340000"})
    ]
    his, unknown = [answer.json()["call_id"] for answer in answers]

    async with api.owner.transaction():
        await api.owner.execute("select from call where call_id = $1 for update", his)
        merging = asyncio.create_task(merge(api, target, source))
        await until_waiting(api, 1)
        patching = asyncio.create_task(api.receptionist.patch(f"/calls/{unknown}", json={"phone_number_id": hold}))
        await until_waiting(api, 2)
    await merging
    patched = await patching

    assert (patched.status_code, patched.json()["patient_id"]) == (200, target)
    listed = (await api.receptionist.get("/calls", params={"patient_id": target})).json()["items"]
    assert {call["call_id"] for call in listed} == {his, unknown}


async def test_the_survivors_calls_go_back_and_forth_with_their_merge(api: Api) -> None:
    target = (await make.patient(api))["patient_id"]
    source, hold = await make.holder(api)
    call = (await api.receptionist.post("/calls", json={"phone_number_id": hold, "direction": "in"})).json()
    path = f"/calls/{call['call_id']}"

    shown = []
    for step in (merge, unmerge, merge):
        await step(api, target, source)
        shown.append((await api.receptionist.get(path)).json()["patient_id"])

    assert shown == [target, source, target]


HOLD = "select from patient where patient_id = any ($1) for update"


async def test_whoever_goes_with_the_source_is_locked_in_the_order_of_the_ids(api: Api) -> None:
    first, source, target = [(await make.patient(api))["patient_id"] for _ in range(3)]
    await merge(api, source, first)
    await merge(api, target, source)

    async with api.owner.transaction():
        await api.owner.execute(HOLD, [first])
        parting = asyncio.create_task(unmerge(api, target, source))
        await until_waiting(api, 1)
        # whoever holds the first may have the others
        await api.owner.execute(f"{HOLD} nowait", [source, target])
    undone = await parting

    assert undone["returned"] == {**NOTHING, "patient": 1}


async def test_a_merge_holds_nobody_while_it_waits_for_another(api: Api) -> None:
    target, source, last = [(await make.patient(api))["patient_id"] for _ in range(3)]

    async with api.owner.transaction():
        await api.owner.execute(HOLD, [last])
        earlier = asyncio.create_task(merge(api, source, last))
        await until_waiting(api, 1)
        later = asyncio.create_task(merge(api, target, source))
        await until_waiting(api, 2)
        await api.owner.execute(f"{HOLD} nowait", [target])
    await earlier
    merged = await later

    # also him who came meanwhile
    assert merged["moved"] == {**NOTHING, "patient": 1}
    assert (await api.admin.get(f"/patients/{last}")).json()["merged_into"] == target


async def test_many_merges_of_few_patients_run_into_no_deadlock(api: Api) -> None:
    ids = [(await make.patient(api))["patient_id"] for _ in range(4)]
    deadlocks = "select deadlocks from pg_stat_database where datname = current_database()"

    async def call(path: str, target: int, source: int) -> int:
        answer = await api.manager.post(f"/patients/{target}/{path}", json={"source_patient_id": source})
        return answer.status_code

    for _ in range(4):
        statuses = await asyncio.gather(
            *(call(path, *pair) for pair in itertools.permutations(ids, 2) for path in ("merge", "unmerge"))
        )
        assert set(statuses) <= {200, 409}
    # the counters of the connections are told with a delay, but for those that ended
    await api.services.stop()
    assert await api.owner.fetchval(deadlocks) == 0
