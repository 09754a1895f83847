"""The way to the database is cut, swallows everything, or is slow: quick 503s meanwhile, all well soon after.

The normal run is short; `make faults` makes the black hole last 30 s.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from dcms.app import create_app
from tests.api import Api
from tests.databases import application_url
from tests.faults.proxy import Proxy, proxied

pytestmark = pytest.mark.short

FAULT_S = float(os.environ.get("DCMS_FAULT_SECONDS", "3"))
ANSWERED_WITHIN_S = 8.0
HEALED_WITHIN_S = 5.0
REVOKED_WITHIN_S = 1.0
CLIENTS = 12


class Service:
    """The service with a proxy before its database, and an admin's client of it."""

    def __init__(self, api: Api, proxy: Proxy, client: httpx.AsyncClient) -> None:
        self.api = api
        self.proxy = proxy
        self.client = client
        self.statuses: dict[int, int] = {}
        self.slowest_s = 0.0

    async def ask_for(self, seconds: float) -> None:
        """Let several clients ask all the time."""
        until = time.monotonic() + seconds

        async def ask() -> None:
            while time.monotonic() < until:
                await self.ask()

        await asyncio.gather(*(ask() for _ in range(CLIENTS)))

    async def ask(self) -> int:
        """Ask once; the status."""
        started = time.monotonic()
        answer = await self.client.get("/chairs")
        self.slowest_s = max(self.slowest_s, time.monotonic() - started)
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) >= 1
        await asyncio.sleep(0.01)
        return answer.status_code

    async def healed_after_s(self) -> float:
        """How long it takes from now on until as many requests as there are clients go well at once."""
        started = time.monotonic()
        while set(await asyncio.gather(*(self.ask() for _ in range(CLIENTS)))) != {200}:
            assert time.monotonic() - started < 2 * HEALED_WITHIN_S
        return time.monotonic() - started


@pytest.fixture
async def service(api: Api, database_url: str) -> AsyncIterator[Service]:
    """A second process of the service, as far as one process can be two, behind a proxy."""
    async with proxied(database_url) as proxy:
        app = create_app(api.services.settings)
        app.services.use_database(proxy.url(application_url(database_url)))
        await app.services.start()
        token = api.token(api.user_ids["admin"], api.session_ids["admin"], ["admin"])
        running = Service(api, proxy, api.client(token, app=app))
        assert await running.ask() == 200
        yield running
        proxy.heal()
        await app.services.stop()


def report(name: str, service: Service, healed_s: float) -> None:
    sys.stdout.write(
        f"{name} for {FAULT_S:g} s: {dict(sorted(service.statuses.items()))}, "
        f"slowest answer {service.slowest_s:.2f} s, well {healed_s:.2f} s after\n"
    )


@pytest.mark.parametrize("fault", ["cut", "swallow"])
async def test_without_its_database_it_says_so_quickly_and_recovers(service: Service, fault: str) -> None:
    getattr(service.proxy, fault)()
    await service.ask_for(FAULT_S)
    during = dict(service.statuses)
    service.proxy.heal()
    healed_s = await service.healed_after_s()

    report(fault, service, healed_s)
    assert during.keys() <= {200, 503}
    assert during[503] >= CLIENTS
    assert service.slowest_s <= ANSWERED_WITHIN_S
    assert healed_s <= HEALED_WITHIN_S


async def test_a_slow_way_to_the_database_is_slow_and_no_more(service: Service) -> None:
    service.proxy.delay_s = 0.1  # each way
    await service.ask_for(min(FAULT_S, 10))
    service.proxy.heal()
    healed_s = await service.healed_after_s()

    report("+200 ms", service, healed_s)
    assert service.statuses.keys() <= {200, 503}
    assert service.statuses[200] > CLIENTS
    assert service.slowest_s <= ANSWERED_WITHIN_S
    assert healed_s <= HEALED_WITHIN_S


@pytest.mark.parametrize("fault", ["cut", "swallow"])
async def test_a_revoked_session_gets_nowhere_while_the_revocation_cannot_be_read(service: Service, fault: str) -> None:
    """The session is revoked through another process while this one sees nothing of the database."""
    getattr(service.proxy, fault)()
    revoked = await service.api.owner.execute(
        "update session set revoked_at = now() where session_id = $1", service.api.session_ids["admin"]
    )
    assert revoked == "UPDATE 1"
    await asyncio.sleep(REVOKED_WITHIN_S)
    before = dict(service.statuses)
    await service.ask_for(FAULT_S)
    service.proxy.heal()
    until = time.monotonic() + HEALED_WITHIN_S
    while time.monotonic() < until and await service.ask() != 401:
        pass

    assert service.statuses.get(200) == before.get(200)
    assert await service.ask() == 401


@pytest.mark.parametrize("fault", ["cut", "swallow"])
async def test_a_revocation_counts_within_a_second_when_only_the_watch_is_cut(
    api: Api, database_url: str, fault: str
) -> None:
    async with proxied(database_url) as proxy:
        app = create_app(api.services.settings)
        app.services.use_database(application_url(database_url))
        app.services.watch.url = proxy.url(application_url(database_url))
        await app.services.start()
        token = api.token(api.user_ids["admin"], api.session_ids["admin"], ["admin"])
        client = api.client(token, app=app)
        getattr(proxy, fault)()
        before = (await client.get("/chairs")).status_code
        await api.owner.execute("update session set revoked_at = now() where session_id = $1", api.session_ids["admin"])
        await asyncio.sleep(REVOKED_WITHIN_S)
        after = {(await client.get("/chairs")).status_code for _ in range(20)}
        proxy.heal()
        await app.services.stop()

    assert (before, after) == (200, {401})
