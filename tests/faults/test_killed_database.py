"""PostgreSQL and servers are killed while clients book, move and cancel: nothing is lost, nothing happens twice.

The normal run is short; `make faults` makes it long.
"""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from dcms.database.cluster import Cluster
from tests.faults.clients import Clients, appointments
from tests.faults.clinic import Server, durable_clinic, kill_and_recover
from tests.faults.history import CANCELLED, Booking, Stored, faults_of
from tests.sessions import open_session

pytestmark = pytest.mark.short

ATTEMPTS = int(os.environ.get("DCMS_FAULT_ATTEMPTS", "200"))
CLIENTS = int(os.environ.get("DCMS_FAULT_CLIENTS", "8"))
DATABASE_KILLS = int(os.environ.get("DCMS_FAULT_DATABASE_KILLS", "1"))
SERVER_KILLS = int(os.environ.get("DCMS_FAULT_SERVER_KILLS", "2"))


async def work(cluster: Cluster, servers: list[Server], clients: Clients) -> None:
    """Let the clients work, and kill something whenever a further part of the attempts was begun."""
    working = asyncio.create_task(clients.run())
    kills = ["database"] * DATABASE_KILLS + ["server"] * SERVER_KILLS
    clients.chance.shuffle(kills)
    for number, kill in enumerate(kills, 1):
        await clients.until_left(ATTEMPTS * (len(kills) + 1 - number) // (len(kills) + 1))
        if kill == "database":
            await asyncio.to_thread(kill_and_recover, cluster)
        else:
            victim = clients.chance.choice(servers)
            victim.kill()
            victim.start()
    await working


def run(**settings: str) -> tuple[Clients, list[str]]:
    """Book and kill on a PostgreSQL with these settings; the broken promises."""
    with durable_clinic(**settings) as (cluster, owner_url):
        servers = [Server(owner_url), Server(owner_url)]
        try:
            for server in servers:
                server.wait()
            started = time.monotonic()
            clients = Clients(servers, open_session(owner_url, "admin")[0], ATTEMPTS, CLIENTS)
            asyncio.run(work(cluster, servers, clients))
            seconds = time.monotonic() - started
        finally:
            for server in servers:
                server.kill()
        bugs = [line for server in servers for line in server.bugs()]
        faults = bugs + faults_of(clients.history, asyncio.run(appointments(owner_url)))
    sys.stdout.write(
        f"{ATTEMPTS} attempts by {CLIENTS} clients, {DATABASE_KILLS} kills of PostgreSQL, {SERVER_KILLS} of a server: "
        f"{clients.booked} booked, {clients.repeated} requests repeated, {len(faults)} faults, {seconds:.1f} s\n"
    )
    return clients, faults


def test_killed_databases_and_servers_lose_nothing_and_do_nothing_twice() -> None:
    clients, faults = run()

    assert faults == []
    assert clients.server_errors == 0
    assert len(clients.history) == ATTEMPTS
    assert clients.booked > 0
    assert clients.repeated > 0


@pytest.mark.faults
def test_the_same_run_without_synchronous_commit_is_seen_to_lose_bookings() -> None:
    _, faults = run(synchronous_commit="off", wal_writer_delay="10s")

    assert any(fault.startswith("lost") for fault in faults)


def test_the_checker_sees_what_is_lost_doubled_and_repeated() -> None:
    at = datetime(2030, 1, 7, 9, tzinfo=UTC)
    stored = Stored(1, "k1", at, at + timedelta(minutes=20), "booked", 1, 1, 1)
    told = Booking("k1", 1, at, "booked")
    other = Stored(2, "k2", at + timedelta(minutes=10), at + timedelta(minutes=30), "booked", 1, 1, 2)

    assert faults_of([told], [stored]) == []
    assert faults_of([told], []) == ["lost: k1", "0 effects: k1"]
    assert faults_of([Booking("k1", 1, at, CANCELLED, 1)], [stored]) == ["lost change: k1"]
    assert faults_of([Booking("k1", 1, at, "booked", 1)], [stored]) == ["0 changes, 1 known: k1"]
    assert faults_of([Booking("k1")], [stored]) == ["1 effects: k1"]
    again = Stored(3, "k1", at + timedelta(hours=1), at + timedelta(hours=2), "booked", 1, 2, 2)
    assert faults_of([told], [stored, again]) == ["2 effects: k1"]
    assert faults_of([told, Booking("k2", 2, other.starts_at, "booked")], [stored, other]) == [
        "double booking of doctor_id 1: 1 and 2"
    ]
