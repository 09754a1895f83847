"""GET /health and /health/live."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import asyncpg
import httpx
import psycopg

from dcms import __version__
from dcms.operations.probe import KEPT_S
from tests.api import Api, bad_fields
from tests.databases import running_cluster

UNKNOWN = {"ok": False, "applied": None, "pending": None}


async def health(api: Api) -> httpx.Response:
    await asyncio.sleep(KEPT_S + 0.05)
    started = time.monotonic()
    answer = await api.anonymous.get("/health")
    assert time.monotonic() - started < 2
    return answer


@contextmanager
def cut_off(api: Api) -> Iterator[None]:
    """Nobody gets to the database, and who is there is thrown out."""
    name = urlsplit(api.owner_url).path.removeprefix("/")
    with psycopg.connect(running_cluster().url(), autocommit=True) as session:
        session.execute(f'alter database "{name}" allow_connections false')
        session.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and usename = 'dcms_app'", [name]
        )
        try:
            yield
        finally:
            session.execute(f'alter database "{name}" allow_connections true')


async def test_a_service_that_is_ready_answers_200(api: Api) -> None:
    migrations = await api.owner.fetchval("select count(*) from _yoyo_migration")

    answer = await health(api)

    body = answer.json()
    assert answer.status_code == 200
    assert body == {
        "status": "ok",
        "version": __version__,
        "database": {
            "ok": True,
            "latency_ms": body["database"]["latency_ms"],
            "server_version": await api.owner.fetchval("show server_version"),
        },
        "migrations": {"ok": True, "applied": migrations, "pending": 0},
    }
    assert body["database"]["latency_ms"] > 0


async def test_a_pending_migration_makes_it_503(api: Api) -> None:
    before = (await health(api)).json()["migrations"]
    await api.owner.execute("delete from _yoyo_migration where migration_id like '0011.%'")

    answer = await health(api)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["status"] == "unavailable"
    assert answer.json()["database"]["ok"] is True
    assert answer.json()["migrations"] == {"ok": False, "applied": before["applied"] - 1, "pending": 1}


async def test_without_the_right_to_read_the_migrations_it_is_503(api: Api) -> None:
    await api.owner.execute("revoke select on _yoyo_migration from dcms_app")

    answer = await health(api)

    assert answer.status_code == 503
    assert (answer.json()["database"]["ok"], answer.json()["migrations"]) == (True, UNKNOWN)


async def test_while_the_database_is_away_it_is_503_and_the_process_lives(api: Api) -> None:
    with cut_off(api):
        answer = await health(api)
        alive = await api.anonymous.get("/health/live")
    back = await health(api)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json() == {
        "status": "unavailable",
        "version": __version__,
        "database": {"ok": False, "latency_ms": None, "server_version": None},
        "migrations": UNKNOWN,
    }
    assert (alive.status_code, alive.json()) == (200, {"status": "ok", "version": __version__})
    assert back.status_code == 200


async def test_a_database_that_hangs_is_asked_once_and_waited_for_shortly(api: Api) -> None:
    await asyncio.sleep(KEPT_S + 0.05)
    waiting = "select count(*) from pg_locks where relation = '_yoyo_migration'::regclass and not granted"
    async with api.owner.transaction():
        await api.owner.execute("lock table _yoyo_migration in access exclusive mode")
        started = time.monotonic()
        answers = await asyncio.gather(*(api.anonymous.get("/health") for _ in range(40)))
        took = time.monotonic() - started
        asked = await api.owner.fetchval(waiting)

    assert {answer.status_code for answer in answers} == {503}
    assert asked == 1
    assert took < 2


async def test_unknown_parameters_are_400(api: Api) -> None:
    for path in ("/health", "/health/live", "/version"):
        assert bad_fields(await api.anonymous.get(f"{path}?x=1")) == {"x"}


async def test_the_services_role_reads_the_migrations_but_cannot_write_them(api: Api) -> None:
    try:
        async with api.services.database.transaction() as connection:
            await connection.execute("delete from _yoyo_migration")
        refused = False
    except asyncpg.InsufficientPrivilegeError:
        refused = True

    assert refused
