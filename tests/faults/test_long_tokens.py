"""A token that counts for twelve hours ends with its session, on every process, whatever is cut.

Nothing is LISTENed to, see docs/decisions/0003: what can be cut is the connection on which a process polls for
revocations. It is, of two real processes.
"""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from dcms.access import watch
from tests.api import PASSWORD, Api
from tests.databases import application_url
from tests.faults.clinic import Server
from tests.faults.proxy import Proxy, proxied

pytestmark = pytest.mark.short

TTL_S = 43_200
REVOKED_WITHIN_S = 1.0


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[Proxy]:
    """Its faults are for the watches' connections only."""
    async with proxied(database_url) as running:
        running.only = watch.NAME.encode()
        yield running


@pytest.fixture
async def servers(api: Api, proxy: Proxy) -> AsyncIterator[list[Server]]:
    """Two processes whose tokens count for twelve hours, behind a proxy."""
    url = proxy.url(application_url(api.owner_url))
    running = [Server(api.owner_url, DATABASE_URL=url, DCMS_ACCESS_TOKEN_TTL_S=str(TTL_S)) for _ in range(2)]
    try:
        for server in running:
            await asyncio.to_thread(server.wait)
        yield running
    finally:
        for server in running:
            server.kill()
    assert [line for server in running for line in server.bugs()] == []


async def statuses(http: httpx.AsyncClient, servers: list[Server], times: int = 1) -> set[int]:
    answers = [await http.get(f"{server.url}/auth/me") for server in servers for _ in range(times)]
    return {answer.status_code for answer in answers}


@pytest.mark.parametrize("fault", ["none", "cut", "swallow"])
async def test_a_session_of_twelve_hours_ends_everywhere_within_a_second(
    api: Api, proxy: Proxy, servers: list[Server], fault: str
) -> None:
    await api.give_password("doctor")
    first, _ = servers
    async with httpx.AsyncClient(timeout=20) as http:
        login = await http.post(f"{first.url}/auth/login", json={"username": "doctor", "password": PASSWORD})
        http.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
        before = await statuses(http, servers)
        if fault != "none":
            getattr(proxy, fault)()
        meanwhile = await statuses(http, servers)
        logout = await http.post(f"{first.url}/auth/logout")
        await asyncio.sleep(REVOKED_WITHIN_S)
        after = await statuses(http, servers, times=10)
        proxy.heal()
        healed = await statuses(http, servers)

    assert login.json()["expires_in"] == TTL_S
    assert (before, meanwhile) == ({200}, {200})
    assert logout.status_code == 204
    assert (after, healed) == ({401}, {401})
