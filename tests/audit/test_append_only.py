"""The audit log can't be changed, also not by the service's own role."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests import make
from tests.api import Api
from tests.databases import application_url


@pytest.fixture
async def service_role(api: Api) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the service has it."""
    await make.patient(api)
    connection = await asyncpg.connect(application_url(api.owner_url))
    yield connection
    await connection.close()


async def partitions(connection: asyncpg.Connection) -> list[str]:
    """The log and each table that holds a part of it."""
    rows = await connection.fetch("select relid::regclass::text from pg_partition_tree('audit_log')")
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    "statement",
    [
        "update {} set action = 'nothing'",
        "delete from {}",
        "truncate {}",
        "drop table {}",
        "alter table {} disable trigger all",
        "insert into {} (action, entity) overriding system value values ('forged', 'x')",
    ],
)
async def test_the_services_role_may_only_add(service_role: asyncpg.Connection, statement: str) -> None:
    for table in await partitions(service_role):
        if statement.startswith("insert") and table == "audit_log":
            continue
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service_role.execute(statement.format(table))

    assert await service_role.fetchval("select count(*) from audit_log where action <> 'nothing'") > 0


async def test_a_new_months_partition_is_append_only_too(api: Api, service_role: asyncpg.Connection) -> None:
    before = set(await partitions(service_role))
    await service_role.execute("select prepare_audit_partitions(14)")
    new = set(await partitions(service_role)) - before

    assert len(new) == 2
    for table in new:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service_role.execute(f"delete from {table}")


async def test_a_write_that_names_nobody_is_refused(service_role: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.RaiseError, match="without acting"):
        await service_role.execute("update patient set note = 'x'")

    assert await service_role.fetchval("select note from patient") is None


async def test_an_undone_write_leaves_no_entry(api: Api) -> None:
    await make.patient(api, register_number="X-1")
    before = len(await api.audited())

    answer = await api.admin.post("/patients", json={"first_name": "A", "last_name": "B", "register_number": "x-1"})

    assert answer.status_code == 409
    assert len(await api.audited()) == before


async def test_no_secret_is_in_an_entry(api: Api) -> None:
    await api.owner.execute("update dcms_user set password_hash = 'the hash' where username = 'doctor'")
    await api.owner.execute("update dcms_user set password_hash = null, display_name = 'D' where username = 'doctor'")
    await api.owner.execute("update session set refresh_counter = 99, revoked_at = now(), user_agent = 'agent'")

    entries = await api.audited()

    text = str([(entry["before"], entry["after"]) for entry in entries])
    assert "Dentist" not in text
    assert "'display_name': 'D'" in text
    for secret in ("the hash", "password_hash", "refresh_counter", "agent"):
        assert secret not in text
