"""The primary is killed while clients write, and its synchronous standby promoted: nothing acknowledged is lost.

No process of the service is restarted: they find the server that takes writes now, the worker and the watch too.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time

import httpx
import psycopg
import pytest

from dcms.database import migrate
from dcms.database.cluster import Cluster
from tests.faults.clients import Clients, appointments
from tests.faults.clinic import NAME, Server, durable_clinic, kill_postgres
from tests.faults.history import faults_of
from tests.faults.standby import either, promote, synchronous_standby
from tests.processes import environment
from tests.sessions import open_session, revoke

pytestmark = pytest.mark.short

ATTEMPTS = int(os.environ.get("DCMS_FAULT_ATTEMPTS", "300")) // 2
CLIENTS = int(os.environ.get("DCMS_FAULT_CLIENTS", "8"))
REVOKED_WITHIN_S = 1.0
WORKED_OFF_WITHIN_S = 60


async def work(clients: Clients, primary: Cluster, standby: Cluster) -> float:
    """Let the clients work, and kill the primary when half is done; how long nothing was booked, in seconds."""
    working = asyncio.create_task(clients.run())
    await clients.until_left(ATTEMPTS // 2)
    await asyncio.to_thread(kill_postgres, primary)
    killed = time.monotonic()
    await asyncio.to_thread(promote, standby)
    await clients.until_booked(clients.booked + 1)
    stood_still_s = time.monotonic() - killed
    await working
    return stood_still_s


def statuses(servers: list[Server], token: str) -> list[int]:
    headers = {"Authorization": f"Bearer {token}"}
    return [httpx.get(f"{server.url}/chairs", headers=headers, timeout=20).status_code for server in servers]


def jobs_left(url: str) -> int:
    with psycopg.connect(url) as session:
        row = session.execute("select count(*) from outbox where available_at < now() and failed_at is null").fetchone()
    assert row is not None
    count: int = row[0]
    return count


def test_a_promoted_standby_has_every_acknowledged_booking_and_the_service_goes_on() -> None:
    with durable_clinic(wal_level="replica") as (primary, owner_url), synchronous_standby(primary) as standby:
        url = standby.url(NAME)
        both = either(owner_url, url)
        servers = [Server(both), Server(both)]
        worker = subprocess.Popen([sys.executable, "-m", "dcms", "worker"], env=environment(both))
        try:
            for server in servers:
                server.wait()
            clients = Clients(servers, open_session(owner_url, "admin")[0], ATTEMPTS, CLIENTS)
            stood_still_s = asyncio.run(work(clients, primary, standby))

            token, session_id = open_session(url, "doctor")
            before = statuses(servers, token)
            revoke(url, session_id)
            time.sleep(REVOKED_WITHIN_S)
            after = statuses(servers, token)
            migrated = migrate.migrate(both)
            until = time.monotonic() + WORKED_OFF_WITHIN_S
            while jobs_left(url) and time.monotonic() < until:
                time.sleep(0.2)
            left = jobs_left(url)
            are_running = [process.poll() is None for process in (worker, *(server.process for server in servers))]
            worker.send_signal(signal.SIGTERM)
            ended = worker.wait(30)
        finally:
            worker.kill()
            for server in servers:
                server.kill()
        bugs = [line for server in servers for line in server.bugs()]
        faults = bugs + faults_of(clients.history, asyncio.run(appointments(url)))
    sys.stdout.write(
        f"{ATTEMPTS} attempts by {CLIENTS} clients, the primary killed and its standby promoted in between: "
        f"{clients.booked} booked, {clients.repeated} requests repeated, {len(faults)} faults, "
        f"booking again {stood_still_s:.1f} s after the kill\n"
    )

    assert faults == []
    assert clients.server_errors == 0
    assert len(clients.history) == ATTEMPTS
    assert clients.booked > 0
    assert clients.repeated > 0
    assert before == [200, 200]
    assert after == [401, 401]
    assert migrated == []
    assert left == 0
    assert are_running == [True] * 3
    assert ended == 0
