"""The service behind PgBouncer as docs/operations.md sets it up: by transactions, an older one by sessions."""

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import psycopg
import pytest

from dcms.database.pool import SERVER_SETTINGS
from tests.api import Api
from tests.databases import APPLICATION_ROLE
from tests.documents import blocks
from tests.processes import READY_WITHIN_S, free_port, server

PGBOUNCER = os.environ.get("DCMS_TEST_PGBOUNCER") or shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
CLIENTS = 24
SERVER_CONNECTIONS = 4
SESSIONS = 40
# these a pooled connection is given as its client has them
FOLLOWED = {"application_name", "timezone"}
TOLD_ONCE = "select current_setting(name) from pg_settings where name = $1 and source = 'database user'"
KEEPS_STATEMENTS = (1, 21)
CONNECTIONS = (
    "select count(*) from pg_stat_activity where datname = current_database() and application_name like 'dcms%'"
)


def version() -> tuple[int, ...]:
    """The version of the PgBouncer that is here."""
    done = subprocess.run([str(PGBOUNCER), "--version"], capture_output=True, text=True, check=True)
    return tuple(int(part) for part in done.stdout.split()[1].split("."))


pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="PgBouncer is not installed")


@pytest.fixture
def pooled_url(database_url: str, tmp_path: Path) -> Iterator[str]:
    """The service's address of the database through a PgBouncer."""
    [config] = blocks("docs/operations.md", "PgBouncer", ("ini",))
    [settings] = blocks("docs/operations.md", "PgBouncer", ("sql",))
    database = urlsplit(database_url).path.removeprefix("/")
    folder = parse_qs(urlsplit(database_url).query)["host"][0]
    with psycopg.connect(database_url, autocommit=True) as session:
        statements = settings.text.replace(
            "role dcms_service in database dcms", f"role {APPLICATION_ROLE} in database {database}"
        )
        session.execute(statements.encode())
    text, size = config.text, SERVER_CONNECTIONS
    if version() < KEEPS_STATEMENTS:
        text = text.replace("= transaction", "= session").replace("max_prepared_statements", ";max_prepared_statements")
        size = SESSIONS
    port = free_port()
    users, path = tmp_path / "users.txt", tmp_path / "pgbouncer.ini"
    users.write_text(f'"{APPLICATION_ROLE}" ""\n')
    path.write_text(
        f"{text}listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n"
        f"auth_file = {users}\ndefault_pool_size = {size}\n[databases]\n* = host={folder}\n"
    )
    command = [str(PGBOUNCER), "--quiet", str(path)]
    if os.geteuid() == 0:
        # it refuses to be root, and the socket is open to the server's user alone
        command += ["--user", pwd.getpwuid(Path(folder).stat().st_uid).pw_name]
        for each in (tmp_path, *tmp_path.parents[:3]):
            each.chmod(0o755)
    process = subprocess.Popen(command)
    try:
        until = time.monotonic() + READY_WITHIN_S
        with socket.socket() as probe:
            while probe.connect_ex(("127.0.0.1", port)):
                assert process.poll() is None, "PgBouncer ended by itself"
                assert time.monotonic() < until, "PgBouncer did not become ready"
                time.sleep(0.05)
        yield f"postgresql://{APPLICATION_ROLE}@127.0.0.1:{port}/{database}"
    finally:
        process.kill()
        process.wait(10)


async def test_many_clients_share_few_connections(api: Api, pooled_url: str, database_url: str) -> None:
    token = {"Authorization": api.admin.headers["Authorization"]}

    async def client(base: str, number: int) -> list[int]:
        async with httpx.AsyncClient(headers=token, timeout=30) as http:
            statuses = []
            for turn in range(5):
                new = {"first_name": "Anna", "last_name": f"Nr {number} {turn}", "note": f"{number}"}
                key = {"Idempotency-Key": f"{number}-{turn}"}
                added = await http.post(f"{base}/patients", json=new, headers=key)
                again = await http.post(f"{base}/patients", json=new, headers=key)
                assert again.json() == added.json()
                shown = await http.get(f"{base}/patients/{added.json()['patient_id']}")
                assert shown.json()["last_name"] == new["last_name"]
                found = await http.get(f"{base}/patients", params={"query": f"Nr {number}", "limit": 5})
                statuses += [added.status_code, again.status_code, shown.status_code, found.status_code]
            return statuses

    before = await api.owner.fetchval(CONNECTIONS)
    with server(database_url, DATABASE_URL=pooled_url) as base:
        statuses = await asyncio.gather(*(client(base, number) for number in range(CLIENTS)))
        async with httpx.AsyncClient(headers=token, timeout=30) as http:
            export = await http.get(f"{base}/patients/export.csv")
        connections = await api.owner.fetchval(CONNECTIONS) - before

    assert {status for each in statuses for status in each} == {200, 201}
    assert await api.owner.fetchval("select count(*) from patient") == CLIENTS * 5
    assert export.status_code == 200
    assert len(export.text.splitlines()) == CLIENTS * 5 + 1
    assert 0 < connections <= (SERVER_CONNECTIONS if version() >= KEEPS_STATEMENTS else SESSIONS)


async def test_the_database_holds_the_limits_that_pgbouncer_ignores(pooled_url: str) -> None:
    connection = await asyncpg.connect(pooled_url, server_settings={"statement_timeout": "0"})
    told = {name: value for name, value in SERVER_SETTINGS.items() if name not in FOLLOWED}
    held = {name: await connection.fetchval(TOLD_ONCE, name) for name in told}
    await connection.close()

    assert held == told
