"""A load from a process of its own: `python -m tests.faults.load PORT TOKEN RATE SECONDS` prints what came of it.

With a rate it is an open loop: a request begins when it is due, whatever became of those before. With rate 0 it is a
closed one: 32 clients that ask again as soon as they are answered, to find out what the service can carry.
"""

import asyncio
import contextlib
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

import msgspec
import uvloop

from dcms.paths import PROJECT_DIR

CLIENTS = 32
MAX_CONNECTIONS = 4000
ANSWERS_WITHIN_S = 30
PATIENTS, DOCTORS = 60, 6


class Result(msgspec.Struct):
    """What came of a load."""

    sent: int = 0
    statuses: dict[int, int] = {}
    # no answer, or a broken connection
    unanswered: int = 0
    # 503 or 429 without Retry-After
    unexplained: int = 0
    slowest_answer_s: float = 0.0
    slowest_refusal_s: float = 0.0
    # in each second, by when they were answered
    good: list[int] = []
    refused: list[int] = []
    connections: int = 0

    @property
    def good_per_s(self) -> float:
        """Good answers a second, without the first, in which connections are made."""
        return sum(self.good[1:]) / max(1, len(self.good) - 1)


class Connection(asyncio.Protocol):
    """A connection that carries one request at a time."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.is_busy = False
        self.started = 0.0
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        # uvloop's is one without saying so
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _error: Exception | None) -> None:
        """Count a request that was not answered; the server may close an idle connection."""
        if self.is_busy:
            self.load.broken()
        self.load.lost(self)

    def ask(self, request: bytes, started: float) -> None:
        """Send a request that was due at that time."""
        self.is_busy, self.started, self.buffer = True, started, b""
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take in an answer."""
        self.buffer += data
        head, end, body = self.buffer.partition(b"\r\n\r\n")
        if not end:
            return
        fields = head.lower()
        length = int(fields.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if len(body) >= length:
            self.is_busy = False
            self.load.answered(self, int(head[9:12]), b"\r\nretry-after: " in fields)


class Load:
    """The requests, and what came of them."""

    def __init__(self, port: int, token: str, rate: float, seconds: float) -> None:
        self.port = port
        self.rate = rate
        self.seconds = seconds
        self.requests = requests(token)
        self.result = Result(good=[0] * round(seconds), refused=[0] * round(seconds))
        self.idle: list[Connection] = []
        self.open = 0
        self.running = 0
        self.quiet = asyncio.Event()

    async def run(self) -> Result:
        """Ask for as long as wanted, then wait for the answers that are still to come."""
        self.begun = time.monotonic()
        if self.rate:
            await self._ask_when_due()
        else:
            await asyncio.gather(*(self._ask() for _ in range(CLIENTS)))
            await asyncio.sleep(self.begun + self.seconds - time.monotonic())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                await self.quiet.wait()
        self.result.unanswered += self.running
        return self.result

    async def _ask_when_due(self) -> None:
        tasks: set[asyncio.Task[None]] = set()
        while (now := time.monotonic() - self.begun) < self.seconds:
            while self.result.sent < now * self.rate:
                due = self.begun + self.result.sent / self.rate
                if self.idle:
                    self._send(self.idle.pop(), due)
                else:
                    self.result.sent += 1
                    task = asyncio.create_task(self._connect(due))
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
            await asyncio.sleep(0.002)
        await asyncio.gather(*tasks)

    async def _ask(self) -> None:
        self.result.sent += 1
        await self._connect(time.monotonic())

    async def _connect(self, due: float) -> None:
        self._begin()
        if self.open >= MAX_CONNECTIONS:
            self.broken()
            return
        self.open += 1
        self.result.connections = max(self.result.connections, self.open)
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(self), "127.0.0.1", self.port
            )
        except OSError:
            self.open -= 1
            self.broken()
            return
        connection.ask(next(self.requests), due)

    def _send(self, connection: Connection, due: float) -> None:
        self.result.sent += 1
        self._begin()
        connection.ask(next(self.requests), due)

    def _begin(self) -> None:
        self.running += 1
        self.quiet.clear()

    def _end(self) -> None:
        self.running -= 1
        if self.running == 0:
            self.quiet.set()

    def broken(self) -> None:
        """A request was not answered."""
        self._end()
        self.result.unanswered += 1

    def lost(self, connection: Connection) -> None:
        """A connection has ended."""
        self.open -= 1
        if connection in self.idle:
            self.idle.remove(connection)

    def answered(self, connection: Connection, status: int, has_retry_after: bool) -> None:
        """Count an answer."""
        now = time.monotonic()
        self._end()
        result, took = self.result, now - connection.started
        result.statuses[status] = result.statuses.get(status, 0) + 1
        result.slowest_answer_s = max(result.slowest_answer_s, took)
        if status in (429, 503):
            result.slowest_refusal_s = max(result.slowest_refusal_s, took)
            result.unexplained += not has_retry_after
        if now - self.begun < len(result.good):
            (result.good if status < 429 else result.refused)[int(now - self.begun)] += 1
        if not self.rate and now < self.begun + self.seconds:
            self._send(connection, now)
        else:
            self.idle.append(connection)


def requests(token: str) -> Iterator[bytes]:
    """What a reception does: opens records, searches, looks into the calendar, and books one time in ten."""
    first = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=200)
    for number in itertools.count():
        patient_id, doctor_id = 1 + number % PATIENTS, 1 + number // PATIENTS % DOCTORS
        day = (datetime.now(UTC) + timedelta(days=1 + number % 28)).date()
        match number % 10:
            case 0:
                yield _request(
                    "POST",
                    "/appointments",
                    token,
                    patient_id=patient_id,
                    doctor_id=doctor_id,
                    starts_at=(first + timedelta(minutes=10 * (number * 7 % 50_000))).isoformat(),
                    duration_min=10,
                    allow_outside_hours=True,
                    override_reason="load",
                )
            case 1:
                yield _request("GET", f"/patients?query={'abcdefghiklmnoprstuvw'[number // 10 % 21]}a&limit=20", token)
            case 2:
                yield _request("GET", f"/calendar/day?date={day}", token)
            case 3:
                yield _request("GET", f"/availability?doctor_id={doctor_id}&date={day}&duration_min=30", token)
            case 4:
                yield _request("GET", "/patients?limit=50", token)
            case _:
                yield _request("GET", f"/patients/{patient_id}", token)


def _request(method: str, path: str, token: str, **body: object) -> bytes:
    head = [f"{method} /api/v1{path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}"]
    content = json.dumps(body) if body else ""
    if body:
        key = f"load-{time.monotonic_ns()}"
        head += [f"Idempotency-Key: {key}", "Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*head, "", content]).encode()


def measure(port: int, token: str, rate: float, seconds: float) -> Result:
    """What comes of a load from another process."""
    command = [sys.executable, "-m", "tests.faults.load", str(port), token, str(rate), str(seconds)]
    run = subprocess.run(command, cwd=PROJECT_DIR, stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(run.stdout, type=Result)


def main(port: str, token: str, rate: str, seconds: str) -> None:
    """Measure, and print the result."""
    result = uvloop.run(Load(int(port), token, float(rate), float(seconds)).run())
    sys.stdout.write(msgspec.json.encode(result).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
