"""What a case is measured in: the databases, the servers, and requests that fit them."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from bench.clinic import SETTINGS, SPARE_DOCTORS, Clinic, copy_database, make_clinic, throwaway_cluster
from bench.load import Request
from bench.servers import JWT_KEYS, KEY, TWILIO_TOKEN, Server, reference, service
from dcms.access.callers import Caller
from dcms.access.permissions import Role, permissions_of
from dcms.access.tokens import Tokens
from dcms.database.cluster import Cluster
from dcms.database.queries import Queries

SQL = Queries(Path(__file__).parent / "sql" / "arena")

RECEPTIONIST = 5
SESSIONS = 40
ZONE = ZoneInfo("Europe/Berlin")
# of the spare doctors' days, from 6 to 22 o'clock
SLOTS_A_DAY = 32
# after all that is in the diary
FREE_AFTER = timedelta(days=45)
BOOKED_DAYS = 300
LONGEST_STEADY_S = 30
LATENCIES_A_ROUND = 100


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How long and with how much is measured."""

    size: int = 10_000
    rounds: int = 5
    seconds: float = 3.0
    # HTTP clients at once
    connections: int = 32
    # database connections of each server, and of pgbench
    pool_size: int = 16
    requests: int = 20_000

    def steady_s(self, rate: float) -> float:
        """How long latencies are taken at a rate: long enough for some percentiles, not for ever."""
        return min(LONGEST_STEADY_S, max(self.rounds * self.seconds / 2, LATENCIES_A_ROUND * self.rounds / rate))


class Arena:
    """One filled clinic; a copy of it for the reference is made when it is first asked for."""

    def __init__(self, cluster: Cluster, options: Options, database: str = "dcms") -> None:
        self.options = options
        self.clinic: Clinic = make_clinic(cluster, database, options.size)
        self._cluster = cluster
        self._database = database
        self._plain_url: str | None = None
        self._tokens = asyncio.run(_tokens(self.clinic.owner_url))
        self._booked = 0
        self._received = 0

    @property
    def free_days_after(self) -> datetime:
        """The first midnight after which nothing is booked yet."""
        return datetime.combine(datetime.now(ZONE).date() + FREE_AFTER, datetime.min.time(), ZONE)

    @contextmanager
    def service(self, workers: int = 1, name: str = "dcms") -> Iterator[Server]:
        """The service on the clinic."""
        with service(self.clinic.service_url, self.options.pool_size, workers, name) as server:
            yield server

    @contextmanager
    def reference(self) -> Iterator[Server]:
        """The reference on the clinic's copy; started first, as a database in use can't be copied."""
        if self._plain_url is None:
            self._plain_url = copy_database(self._cluster, self._database, f"{self._database}_plain")
            asyncio.run(_execute(self._plain_url, SQL.plain.text))
        with reference(self._plain_url, self.options.pool_size) as server:
            yield server

    def headers(self, number: int) -> dict[str, str]:
        """One of the receptionist's sessions."""
        return {"Authorization": f"Bearer {self._tokens[number % len(self._tokens)]}"}

    def gets(self, paths: list[str]) -> list[Request]:
        """A reading of each path."""
        return [Request("GET", f"/api/v1{path}", self.headers(number)) for number, path in enumerate(paths)]

    def slot(self, number: int) -> tuple[int, int, datetime]:
        """A patient, a doctor and a time for a booking that no other of these stands against."""
        doctor, place = number % SPARE_DOCTORS, number // SPARE_DOCTORS
        day, slot = divmod(place, SLOTS_A_DAY)
        if day >= BOOKED_DAYS:
            raise ValueError("all doctors are booked out: measure for a shorter time")
        starts_at = self.free_days_after + timedelta(days=day)
        starts_at = starts_at.replace(hour=6 + slot // 2, minute=slot % 2 * 30)
        patient = self.clinic.first_patient + number % self.clinic.patients
        return patient, self.clinic.first_spare_doctor + doctor, starts_at

    def bookings(self, start: int, count: int) -> list[Request]:
        """Bookings that all succeed, from a number on."""
        requests = []
        for number in range(start, start + count):
            patient_id, doctor_id, starts_at = self.slot(number)
            body = {
                "patient_id": patient_id,
                "doctor_id": doctor_id,
                "starts_at": starts_at.isoformat(),
                "duration_min": 30,
            }
            headers = {"Content-Type": "application/json", **self.headers(number)}
            requests.append(Request("POST", "/api/v1/appointments", headers, json.dumps(body)))
        return requests

    def messages(self, server: Server, count: int) -> list[Request]:
        """Messages that come in by the provider's webhook, none twice."""
        path = "/api/v1/sms/webhook/inbound"
        requests = []
        for number in range(self._received, self._received + count):
            form = {
                "MessageSid": f"SMload{number}",
                "From": f"+49160{1 + number % self.clinic.patients:08d}",
                "To": "+493012345678",
                "Body": "Thank you, see you then!",
            }
            signed = f"{server.root}{path}" + "".join(name + form[name] for name in sorted(form))
            digest = hmac.new(TWILIO_TOKEN.encode(), signed.encode(), hashlib.sha1).digest()
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Twilio-Signature": base64.b64encode(digest).decode(),
            }
            requests.append(Request("POST", path, headers, urlencode(form)))
        self._received += count
        return requests


async def _tokens(owner_url: str) -> list[str]:
    connection = await asyncpg.connect(owner_url)
    try:
        async with connection.transaction():
            await connection.execute("select set_config('dcms.context', '{\"request_id\": \"bench\"}', true)")
            rows = await connection.fetch(SQL.sessions.text, *SQL.sessions.bind({"sessions": SESSIONS}))
    finally:
        await connection.close()
    signer = Tokens({JWT_KEYS.partition(":")[0]: KEY})
    roles = frozenset({Role.RECEPTIONIST})
    now = time.time()
    return [
        signer.sign_access(
            Caller(
                user_id=RECEPTIONIST,
                session_id=row["session_id"],
                roles=roles,
                permissions=permissions_of(roles),
                expires_at=now + 86_400,
            ),
            now,
        )
        for row in rows
    ]


async def _execute(url: str, text: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(text)
    finally:
        await connection.close()


@contextmanager
def arena(folder: Path, options: Options) -> Iterator[Arena]:
    """An arena with a PostgreSQL of its own, as durable as production's; both are gone afterwards."""
    with throwaway_cluster(folder, SETTINGS) as cluster:
        yield Arena(cluster, options)
