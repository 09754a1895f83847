"""What puts load on a server: as much as it takes (closed loop), or so much a second whatever it takes (open loop)."""

import asyncio
import itertools
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import uvloop

from bench.connection import Connection

SCRIPT = Path(__file__).parent / "requests.lua"
GRACE_S = 15
LONGEST_TURN_S = 20
# a connection
LEAST_ANSWERS = 4


class Request(msgspec.Struct, frozen=True):
    """One request, for whichever server."""

    method: str
    path: str
    headers: dict[str, str] = {}
    body: str = ""

    def encode(self) -> bytes:
        """The request as it goes over the wire."""
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if self.body:
            lines.append(f"Content-Length: {len(self.body.encode())}")
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode()


class Tally(msgspec.Struct, frozen=True):
    """What came of a closed loop."""

    answers: int
    seconds: float
    # with a status of 400 or more
    refused: int
    # connections that broke, timeouts
    broken: int
    # the place of the first request that was not sent
    end: int = 0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


class FaultyAnswers(Exception):
    """Some requests were refused: then nothing was measured."""


def generator_name() -> str:
    """Which load generator there is."""
    return "asyncio" if shutil.which("wrk") is None else "wrk"


def press(port: int, requests: Sequence[Request], connections: int, seconds: float, start: int = 0) -> Tally:
    """Send requests for some seconds, from one of them on, each connection the next when it has its answer."""
    loop = _press_by_asyncio if generator_name() == "asyncio" else _press_by_wrk
    while True:
        tally = loop(port, requests, connections, seconds, start)
        is_over = seconds > LONGEST_TURN_S
        if tally.refused or tally.broken or (is_over and not tally.answers):
            raise FaultyAnswers(f"{tally} from {requests[start % len(requests)].path}")
        # what a turn cuts off at its end must not count: the slower the answers, the longer it must be
        # what was under way at the end was sent as well
        start += tally.answers + 2 * connections
        if is_over or tally.answers >= LEAST_ANSWERS * connections:
            return msgspec.structs.replace(tally, end=start)
        seconds *= 3


def warm(port: int, requests: Sequence[Request], connections: int) -> None:
    """Let every connection answer some requests, so that what is made once is made."""

    async def client(number: int) -> None:
        async with Connection.open(port) as connection:
            for request in requests[number :: max(connections, len(requests) // 10)]:
                status = await connection.exchange(request.encode())
                if status >= 400:
                    raise FaultyAnswers(f"{status} from {request.path}")

    async def run() -> None:
        await asyncio.gather(*(client(number) for number in range(connections)))

    uvloop.run(run())


def _press_by_wrk(port: int, requests: Sequence[Request], connections: int, seconds: float, start: int) -> Tally:
    with tempfile.NamedTemporaryFile("w", suffix=".requests") as file:
        for each in requests:
            headers = "\x1f".join(f"{name}:{value}" for name, value in each.headers.items())
            file.write(f"{each.method}\t{each.path}\t{headers}\t{each.body}\n")
        file.flush()
        # wrk knows whole seconds only
        whole = max(1, round(seconds))
        command = ["wrk", "-t1", f"-c{connections}", f"-d{whole}s", "--timeout", "10s", "-s", str(SCRIPT)]
        command += [f"http://127.0.0.1:{port}", "--", file.name, str(start % len(requests))]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=whole + GRACE_S, check=True)
    return msgspec.json.decode(ended.stdout.splitlines()[-1], type=Tally)


def _press_by_asyncio(port: int, requests: Sequence[Request], connections: int, seconds: float, start: int) -> Tally:
    encoded = [request.encode() for request in requests]
    upcoming = itertools.count(start)
    statuses: list[int] = []

    async def client(until: float) -> None:
        async with Connection.open(port) as connection:
            while time.perf_counter() < until:
                statuses.append(await connection.exchange(encoded[next(upcoming) % len(encoded)]))

    async def run() -> float:
        began = time.perf_counter()
        await asyncio.gather(*(client(began + seconds) for _ in range(connections)))
        return time.perf_counter() - began

    took = uvloop.run(run())
    return Tally(len(statuses), took, sum(status >= 400 for status in statuses), 0)


def latencies(
    port: int, requests: Sequence[Request], connections: int, rate: float, seconds: float, start: int = 0
) -> list[float]:
    """The seconds that each answer took, sorted, of requests that are due at a steady rate.

    Counted from when a request was due, not from when it could be sent: waiting for a connection is waiting too.
    """
    encoded = [request.encode() for request in requests]

    async def run() -> list[float]:
        idle: asyncio.Queue[Connection] = asyncio.Queue()
        taken: list[float] = []

        async def one(number: int, due: float) -> None:
            connection = await idle.get()
            status = await connection.exchange(encoded[(start + number) % len(encoded)])
            taken.append(time.perf_counter() - due)
            idle.put_nowait(connection)
            if status >= 400:
                raise FaultyAnswers(f"{status} from {requests[(start + number) % len(encoded)].path}")

        async with AsyncExitStack() as opened:
            for _ in range(connections):
                idle.put_nowait(await opened.enter_async_context(Connection.open(port)))
            async with asyncio.TaskGroup() as tasks:
                began = time.perf_counter()
                for number in range(max(1, int(rate * seconds))):
                    due = began + number / rate
                    await asyncio.sleep(max(0, due - time.perf_counter()))
                    tasks.create_task(one(number, due))
        return sorted(taken)

    return uvloop.run(run())
