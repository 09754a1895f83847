"""A refused request is read to its end: its connection serves the next one."""

from collections.abc import Iterator

import httpx
import pytest

from tests.processes import server


@pytest.fixture
def client(database_url: str) -> Iterator[httpx.Client]:
    """One kept-alive connection to a real server."""
    with server(database_url) as base_url, httpx.Client(base_url=base_url, timeout=20) as client:
        yield client


def test_the_connection_of_a_refused_body_stays_usable(client: httpx.Client) -> None:
    refused = {"/patients": 401, "/auth/login": 413, "/nowhere": 404, "/version": 405}

    for path, status in list(refused.items()) * 10:
        assert client.post(path, content=b"x" * 300_000).status_code == status, path
        assert client.get("/health/live").status_code == 200


def test_a_body_that_never_ends_is_not_awaited_for_ever(client: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 65_536

    try:
        answer = client.post("/patients", content=endless())
    except httpx.TransportError:
        answer = None

    assert answer is None or answer.status_code == 401
    assert client.get("/health/live").status_code == 200
