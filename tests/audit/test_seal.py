"""The audit log is sealed behind its writers; what somebody with the owner's rights does to it afterwards is named."""

import asyncio
from typing import Any

import asyncpg
import pytest

from dcms.worker.housekeeping import seal_audit_log
from tests import make
from tests.api import Api, bad_fields, problem
from tests.databases import application_url


async def verify(api: Api, **query: Any) -> dict[str, Any]:
    answer = await api.admin.get("/audit/verify", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def sealed(api: Api, patients: int = 3) -> list[int]:
    """A sealed log; the ids of its entries in the order of their seals."""
    for _ in range(patients):
        await make.patient(api)
    await api.services.trail.flush()
    await seal_audit_log(api.services.database)
    rows = await api.owner.fetch("select audit_id from audit_seal order by position")
    return [row[0] for row in rows]


async def age(api: Api) -> None:
    """Let the sealings seem long past and minutes apart."""
    await api.owner.execute(
        "update audit_seal_batch set sealed_at = now() - interval '1 day' + audit_seal_batch_id * interval '2 minutes'"
    )


async def settled(api: Api) -> list[int]:
    """A sealed log below whose first entries nothing can appear any more.

    That takes a later sealing during which no transaction runs that ran during the first; those of the tests beside
    this one, in other databases of the cluster, count too.
    """
    entries = await sealed(api)
    for _ in range(200):
        await sealed(api, 1)
        await age(api)
        if await api.owner.fetchval("select audit_settled()") >= entries[-1]:
            return entries
        await asyncio.sleep(0.05)
    raise AssertionError("a transaction beside this test ran for ten seconds")


async def test_a_sealed_log_is_intact(api: Api) -> None:
    entries = await sealed(api)

    found = await verify(api)

    digest = await api.owner.fetchval("select encode(digest, 'hex') from audit_seal where position = $1", len(entries))
    assert len(entries) >= 3
    assert found == {
        "is_intact": True,
        "checked": len(entries),
        "fault_count": 0,
        "faults": [],
        "next_after": None,
        "unsealed": 0,
        "last_position": len(entries),
        "last_digest": digest,
    }


async def test_nothing_sealed_is_nothing_wrong(api: Api) -> None:
    found = await verify(api)

    assert (found["is_intact"], found["checked"], found["last_position"]) == (True, 0, None)


async def test_new_entries_wait_for_their_seal_and_continue_the_chain(api: Api) -> None:
    first = await sealed(api)
    await make.patient(api)
    waiting = (await verify(api))["unsealed"]

    second = await sealed(api, 0)

    assert waiting > 0
    assert second[: len(first)] == first
    assert (await verify(api))["checked"] == len(second) > len(first)


@pytest.mark.parametrize(
    "change",
    [
        "actor_id = 99",
        "action = 'read'",
        "entity_id = entity_id + 1",
        "patient_ids = array[1]",
        "request_id = 'other'",
        "before = '{}'",
        'after = after || \'{"last_name": "Other"}\'',
        "after = null",
    ],
)
async def test_a_changed_entry_is_named(api: Api, change: str) -> None:
    entries = await sealed(api)
    await api.owner.execute(f"update audit_log set {change} where audit_id = $1", entries[1])

    found = await verify(api)

    assert (found["is_intact"], found["fault_count"]) == (False, 1)
    assert found["faults"] == [{"position": 2, "audit_id": entries[1], "kind": "changed"}]


async def test_a_deleted_entry_is_named(api: Api) -> None:
    entries = await sealed(api)
    await api.owner.execute("delete from audit_log where audit_id = $1", entries[1])

    assert (await verify(api))["faults"] == [{"position": 2, "audit_id": entries[1], "kind": "deleted"}]


async def test_an_entry_moved_to_another_time_is_named(api: Api) -> None:
    entries = await settled(api)
    await api.owner.execute("update audit_log set at = at - interval '1 microsecond' where audit_id = $1", entries[1])

    assert (await verify(api))["faults"] == [{"position": 2, "audit_id": entries[1], "kind": "moved"}]


async def test_entries_that_changed_places_are_named(api: Api) -> None:
    entries = await sealed(api)
    one, other = entries[1], entries[2]
    await api.owner.execute(
        """
        update audit_log as moved
        set at = swapped.at
        from audit_log as swapped
        where moved.audit_id in ($1, $2)
            and swapped.audit_id in ($1, $2)
            and swapped.audit_id <> moved.audit_id
        """,
        one,
        other,
    )

    assert (await verify(api))["faults"] == [
        {"position": 2, "audit_id": one, "kind": "moved"},
        {"position": 3, "audit_id": other, "kind": "moved"},
    ]


async def test_an_entry_slipped_in_between_is_named(api: Api) -> None:
    entries = await settled(api)
    await api.owner.execute(
        """
        insert into audit_log (audit_id, at, action, entity) overriding system value
        select audit_id, at + interval '1 microsecond', 'read', 'patient' from audit_log where audit_id = $1
        """,
        entries[1],
    )

    assert (await verify(api))["faults"] == [{"position": None, "audit_id": entries[1], "kind": "added"}]


async def test_a_cut_chain_is_named(api: Api) -> None:
    entries = await sealed(api)
    await api.owner.execute("delete from audit_seal where position = 2")
    in_the_middle = (await verify(api))["faults"]
    await api.owner.execute("delete from audit_seal where position > 1")
    at_the_end = (await verify(api))["faults"]

    assert in_the_middle == [{"position": 3, "audit_id": entries[2], "kind": "unchained"}]
    assert at_the_end == [{"position": 2, "audit_id": None, "kind": "unchained"}]


async def test_a_long_log_is_checked_in_parts(api: Api) -> None:
    entries = await sealed(api, 4)
    await api.owner.execute("delete from audit_log where audit_id = $1", entries[2])
    checked, faults, after = 0, [], 0
    while after is not None:
        part = await verify(api, after=after, limit=2)
        assert part["checked"] <= 2
        checked, after = checked + part["checked"], part["next_after"]
        faults += part["faults"]

    assert checked == len(entries)
    assert faults == [{"position": 3, "audit_id": entries[2], "kind": "deleted"}]


async def test_what_commits_late_is_sealed_too(api: Api) -> None:
    late = await asyncpg.connect(api.owner_url)
    transaction = late.transaction()
    await transaction.start()
    audit_id = await late.fetchval(
        "insert into audit_log (action, entity) values ('read', 'patient') returning audit_id"
    )
    before = await sealed(api)
    # however long past the sealing is, the transaction that still runs holds the place open
    await age(api)
    await sealed(api, 1)
    await age(api)
    await transaction.commit()
    await late.close()

    after = await sealed(api, 0)

    assert audit_id < before[-1]
    assert after[-1] == audit_id
    assert (await verify(api))["is_intact"]


async def test_many_sealers_at_once_make_one_chain(api: Api) -> None:
    await asyncio.gather(*(make.patient(api) for _ in range(20)))
    await asyncio.gather(*(seal_audit_log(api.services.database) for _ in range(6)))
    entries = await sealed(api, 0)

    assert len(set(entries)) == len(entries) >= 20
    assert (await verify(api))["is_intact"]


async def test_the_services_role_can_not_touch_the_seals(api: Api) -> None:
    await sealed(api)
    connection = await asyncpg.connect(application_url(api.owner_url))
    for table in ("audit_seal", "audit_seal_batch"):
        for statement in (f"delete from {table}", f"update {table} set sealed_at = now()", f"truncate {table}"):
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedColumnError)):
                await connection.execute(statement)
    await connection.close()


async def test_only_who_may_read_the_log_may_verify_it(api: Api) -> None:
    for client in (api.manager, api.doctor, api.assistant, api.receptionist, api.patient):
        problem(await client.get("/audit/verify"), 403, "forbidden")
    problem(await api.anonymous.get("/audit/verify"), 401, "unauthenticated")


async def test_bad_input_is_named(api: Api) -> None:
    answer = await api.admin.get("/audit/verify", params={"after": "-1", "limit": "50001"})

    assert bad_fields(answer) == {"after", "limit"}
