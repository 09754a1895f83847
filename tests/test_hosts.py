"""DATABASE_URL with several hosts: whoever takes writes is found, whatever the others do."""

import asyncio
from urllib.parse import urlsplit

import asyncpg
import pytest

from dcms.database import hosts
from dcms.database.failures import AWAY
from tests.databases import application_url
from tests.faults.proxy import proxied


@pytest.mark.parametrize(
    "url, addresses",
    [
        ("postgresql://u:p@one/d", ["postgresql://u:p@one/d"]),
        ("postgresql://u:p@one,two:5433/d?x=y", ["postgresql://u:p@one/d?x=y", "postgresql://u:p@two:5433/d?x=y"]),
        ("postgresql://one,two/d", ["postgresql://one/d", "postgresql://two/d"]),
        ("postgresql://u@/d?host=/a", ["postgresql://u@/d?host=/a"]),
        (
            "postgresql://u@/d?host=/a,/b&port=5432",
            ["postgresql://u@/d?host=/a&port=5432", "postgresql://u@/d?host=/b&port=5432"],
        ),
        (
            "postgresql://u@/d?host=/a,/b&port=1,2",
            ["postgresql://u@/d?host=/a&port=1", "postgresql://u@/d?host=/b&port=2"],
        ),
    ],
)
def test_an_address_of_several_hosts_is_one_address_for_each(url: str, addresses: list[str]) -> None:
    assert hosts.addresses_of(url) == addresses


async def test_a_host_that_swallows_everything_does_not_keep_from_the_other(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "HOST_TIMEOUT_S", 0.2)
    async with proxied(database_url) as hole, proxied(database_url) as good:
        hole.swallow()
        first, second = (urlsplit(proxy.url(application_url(database_url))) for proxy in (hole, good))
        user, _, one = first.netloc.rpartition("@")
        url = first._replace(netloc=f"{user}@{one},{second.hostname}:{second.port}").geturl()
        with pytest.raises(AWAY):
            async with asyncio.timeout(0.2):
                await asyncpg.connect(url)
        for _ in range(2):
            connection = await hosts.connect(url, timeout=30, target_session_attrs="read-write")
            assert await connection.fetchval("select 1") == 1
            connection.terminate()
        # it is asked first now, and a time limit of its own would not help it
        monkeypatch.setattr(hosts, "HOST_TIMEOUT_S", 30)
        connection = await hosts.connect(url, timeout=30, target_session_attrs="read-write")
        connection.terminate()


async def test_when_none_can_be_reached_the_last_failure_is_raised() -> None:
    with pytest.raises(ConnectionRefusedError):
        await hosts.connect("postgresql://u@127.0.0.1:1,127.0.0.1:2/d", timeout=5)
