"""The load generators count what was answered, and wait for nobody in the open loop."""

import asyncio
import threading
from collections.abc import Iterator
from typing import ClassVar

import pytest

from bench import load
from bench.load import FaultyAnswers, Request, latencies, press, warm

SLOW_S = 0.3


class Answering(asyncio.Protocol):
    """Answers each request by its path: /slow late, /gone with a 404."""

    connected: ClassVar[set[asyncio.Transport]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.connected.add(transport)

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget it."""
        self.connected.remove(self.transport)

    def data_received(self, data: bytes) -> None:
        """Answer once for each request."""
        for line in data.split(b"\r\n"):
            if line.startswith(b"GET /slow"):
                asyncio.get_running_loop().call_later(SLOW_S, self.answer, b"200 OK")
            elif line.startswith((b"GET", b"POST")):
                self.answer(b"404 Not Found" if b"/gone" in line else b"200 OK")

    def answer(self, status: bytes) -> None:
        """Answer with two bytes."""
        self.transport.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nok")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server in a thread of its own."""
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(Answering, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield server.sockets[0].getsockname()[1]
    asyncio.run_coroutine_threadsafe(_hang_up(server), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def _hang_up(server: asyncio.Server) -> None:
    server.close()
    while Answering.connected:
        for transport in Answering.connected:
            transport.abort()
        await asyncio.sleep(0)


@pytest.fixture(params=["wrk", "asyncio"])
def generator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each generator there is; without wrk ours has both turns."""
    name = str(request.param) if load.generator_name() == "wrk" else "asyncio"
    monkeypatch.setattr(load, "generator_name", lambda: name)
    return name


def test_a_closed_loop_counts_the_answers(port: int, generator: str) -> None:
    tally = press(port, [Request("GET", "/fast", {"A": "b: c"}), Request("POST", "/fast", body="{}")], 4, 0.2)

    assert tally.answers >= 16
    assert tally.end >= tally.answers
    assert tally.rate > 0
    assert (tally.refused, tally.broken) == (0, 0)


def test_refused_requests_fail_the_measurement(port: int, generator: str) -> None:
    with pytest.raises(FaultyAnswers, match="from /gone"):
        press(port, [Request("GET", "/gone")], 2, 0.2)


def test_an_open_loop_counts_the_wait_for_a_connection(port: int) -> None:
    taken = latencies(port, [Request("GET", "/slow")], 1, rate=20, seconds=0.2)

    # all are due within 0.2 s, and go one after the other over the one connection
    assert len(taken) == 4
    assert taken[0] >= SLOW_S
    assert taken[-1] >= 4 * SLOW_S - 0.2


def test_warming_sends_some_requests_over_every_connection(port: int) -> None:
    warm(port, [Request("GET", "/fast")] * 10, 3)
    with pytest.raises(FaultyAnswers):
        warm(port, [Request("GET", "/gone")] * 10, 3)
