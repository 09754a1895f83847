"""Clients that book, move and cancel, and repeat each request until they are told what came of it."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx

from tests.faults.clinic import Server
from tests.faults.history import CANCELLED, Booking, Stored

PATIENTS, DOCTORS = 60, 6
SLOTS = 40
TIMEOUT_S = 10
# unanswered, or answered that it may be tried again
AGAIN = (429, 500, 502, 503, 504)


class Clients:
    """The clients, and what they were told."""

    def __init__(self, servers: list[Server], token: str, attempts: int, clients: int) -> None:
        self.servers = servers
        self.chance = random.Random(7)
        self.clients = clients
        self.further = asyncio.Condition()
        self.http = httpx.AsyncClient(timeout=TIMEOUT_S, headers={"Authorization": f"Bearer {token}"})
        self.history: list[Booking] = []
        self.left = attempts
        # so that about every third attempt finds its time taken
        self.days = 1 + attempts // 300
        self.repeated = 0
        self.server_errors = 0
        self.first_day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=200)

    @property
    def booked(self) -> int:
        """How many attempts got their appointment."""
        return sum(booking.appointment_id is not None for booking in self.history)

    async def run(self) -> None:
        """Work until there are no attempts left."""
        await asyncio.gather(*(self._client() for _ in range(self.clients)))
        await self.http.aclose()

    async def until_left(self, attempts: int) -> None:
        """Wait until no more than so many attempts are left."""
        async with self.further:
            await self.further.wait_for(lambda: self.left <= attempts)

    async def until_booked(self, appointments: int) -> None:
        """Wait until so many appointments are booked, or the work is done."""
        async with self.further:
            await self.further.wait_for(lambda: self.booked >= appointments or self.left <= 0)

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
            await asyncio.sleep(self.chance.uniform(0.1, 0.5))

    def _some_time(self) -> datetime:
        return self.first_day + timedelta(
            days=self.chance.randrange(self.days), minutes=480 + 10 * self.chance.randrange(SLOTS)
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
