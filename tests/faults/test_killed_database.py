"""PostgreSQL and servers are killed while clients book, move and cancel: nothing is lost, nothing happens twice.

The normal run is short; `make faults` makes it long.
"""

import asyncio
import os
import random
import sys
import time
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import pytest

from dcms.database.cluster import Cluster
from tests.faults.clinic import Server, durable_clinic, kill_postgres
from tests.faults.history import CANCELLED, Booking, Stored, faults_of
from tests.sessions import open_session

ATTEMPTS = int(os.environ.get("DCMS_FAULT_ATTEMPTS", "200"))
CLIENTS = int(os.environ.get("DCMS_FAULT_CLIENTS", "8"))
DATABASE_KILLS = int(os.environ.get("DCMS_FAULT_DATABASE_KILLS", "1"))
SERVER_KILLS = int(os.environ.get("DCMS_FAULT_SERVER_KILLS", "2"))
PATIENTS, DOCTORS = 60, 6
DAYS, SLOTS = 1 + ATTEMPTS // 300, 40
TIMEOUT_S = 10
# unanswered, or answered that it may be tried again
AGAIN = (429, 500, 502, 503, 504)


class Clients:
    """Clients that repeat each request until they are told what came of it."""

    def __init__(self, servers: list[Server], token: str, chance: random.Random) -> None:
        self.servers = servers
        self.chance = chance
        self.further = asyncio.Condition()
        self.http = httpx.AsyncClient(timeout=TIMEOUT_S, headers={"Authorization": f"Bearer {token}"})
        self.history: list[Booking] = []
        self.left = ATTEMPTS
        self.repeated = 0
        self.server_errors = 0
        self.first_day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=200)

    @property
    def booked(self) -> int:
        """How many attempts got their appointment."""
        return sum(booking.appointment_id is not None for booking in self.history)

    async def run(self) -> None:
        """Work until there are no attempts left."""
        await asyncio.gather(*(self._client() for _ in range(CLIENTS)))
        await self.http.aclose()

    async def until_left(self, attempts: int) -> None:
        """Wait until no more than so many attempts are left."""
        async with self.further:
            await self.further.wait_for(lambda: self.left <= attempts)

    async def _client(self) -> None:
        while self.left > 0:
            self.left -= 1
            async with self.further:
                self.further.notify_all()
            booking = await self._book(f"k{self.left}")
            self.history.append(booking)
            if booking.appointment_id is not None and self.chance.random() < 0.3:
                await self._move(booking)
            if booking.appointment_id is not None and self.chance.random() < 0.2:
                await self._cancel(booking)

    async def _book(self, key: str) -> Booking:
        starts_at = self._some_time()
        body = {
            "patient_id": self.chance.randint(1, PATIENTS),
            "doctor_id": self.chance.randint(1, DOCTORS),
            "starts_at": starts_at.isoformat(),
            "duration_min": 20,
            "note": key,
            "allow_outside_hours": True,
            "override_reason": "test",
        }
        answer = await self._until_answered("POST", "/appointments", key, body)
        if answer.status_code == 409:
            return Booking(key)
        assert answer.status_code == 201, answer.text
        return Booking(key, answer.json()["appointment_id"], starts_at, "booked")

    async def _move(self, booking: Booking) -> None:
        wanted = self._some_time()
        body = {"starts_at": wanted.isoformat(), "allow_outside_hours": True, "override_reason": "test"}
        answer = await self._until_answered("PATCH", f"/appointments/{booking.appointment_id}", None, body)
        # 404: it was lost, as the end will show
        if answer.status_code in (404, 409):
            return
        assert answer.status_code == 200, answer.text
        booking.changes = answer.json()["version"] - 1
        booking.starts_at = wanted

    async def _cancel(self, booking: Booking) -> None:
        path = f"/appointments/{booking.appointment_id}/cancel"
        answer = await self._until_answered("POST", path, f"{booking.key}-cancel", {"reason": "test"})
        if answer.status_code == 404:
            return
        assert answer.status_code == 200, answer.text
        booking.changes += 1
        booking.status = CANCELLED

    async def _until_answered(self, method: str, path: str, key: str | None, body: dict[str, object]) -> httpx.Response:
        headers = {} if key is None else {"Idempotency-Key": key}
        while True:
            server = self.chance.choice(self.servers)
            try:
                answer = await self.http.request(method, server.url + path, json=body, headers=headers)
            except httpx.HTTPError:
                self.repeated += 1
                await asyncio.sleep(0.05)
                continue
            if answer.status_code == 500:
                self.server_errors += 1
            is_running = answer.status_code == 409 and answer.json()["code"] == "idempotency_in_progress"
            if answer.status_code not in AGAIN and not is_running:
                return answer
            self.repeated += 1
            await asyncio.sleep(0.1)

    def _some_time(self) -> datetime:
        return self.first_day + timedelta(
            days=self.chance.randrange(DAYS), minutes=480 + 10 * self.chance.randrange(SLOTS)
        )


async def appointments(owner_url: str) -> list[Stored]:
    """What the database has of the clients' bookings."""
    connection = await asyncpg.connect(owner_url)
    rows = await connection.fetch(
        """
        select appointment_id, note, starts_at, ends_at, status, version, doctor_id, patient_id
        from appointment
        where note ~ '^k[0-9]+$'
        """
    )
    await connection.close()
    return [Stored(*row) for row in rows]


async def work(cluster: Cluster, servers: list[Server], clients: Clients) -> None:
    """Let the clients work, and kill something whenever a further part of the attempts was begun."""
    working = asyncio.create_task(clients.run())
    kills = ["database"] * DATABASE_KILLS + ["server"] * SERVER_KILLS
    clients.chance.shuffle(kills)
    for number, kill in enumerate(kills, 1):
        await clients.until_left(ATTEMPTS * (len(kills) + 1 - number) // (len(kills) + 1))
        if kill == "database":
            await asyncio.to_thread(kill_postgres, cluster)
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
            clients = Clients(servers, open_session(owner_url, "admin")[0], random.Random(7))
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
