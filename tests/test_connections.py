"""The process's connections: as many as allowed, none lost, none handed out in the middle of something."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from dcms.database.connections import Connections


@pytest.fixture
async def connections(database_url: str) -> AsyncIterator[Connections]:
    made = Connections(lambda: asyncpg.connect(database_url), size=2, wait_s=0.2, idle_s=60)
    yield made
    await made.close(0)


async def test_the_one_used_last_is_used_first(connections: Connections) -> None:
    one, other = await connections.take(), await connections.take()
    connections.give_back(one)
    connections.give_back(other)

    assert await connections.take() is other
    assert connections.state == (2, 1)


async def test_who_finds_none_free_gets_the_next_in_the_order_of_coming(connections: Connections) -> None:
    one, other = await connections.take(), await connections.take()
    first = asyncio.create_task(connections.take())
    second = asyncio.create_task(connections.take())
    await asyncio.sleep(0)
    connections.give_back(other)
    connections.give_back(one)

    assert await first is other
    assert await second is one


async def test_nobody_waits_for_ever(connections: Connections) -> None:
    one, _ = await connections.take(), await connections.take()
    with pytest.raises(TimeoutError):
        await connections.take()
    connections.give_back(one)

    assert await connections.take() is one


async def test_what_comes_in_the_moment_of_giving_up_is_not_lost(connections: Connections) -> None:
    one, _ = await connections.take(), await connections.take()
    waiting = asyncio.create_task(connections.take())
    await asyncio.sleep(0)
    connections.give_back(one)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    assert waiting.cancelled()
    assert connections.state == (2, 1)
    assert await connections.take() is one


async def test_the_place_of_one_that_broke_goes_to_the_next(connections: Connections) -> None:
    one, _ = await connections.take(), await connections.take()
    waiting = asyncio.create_task(connections.take())
    await asyncio.sleep(0)
    connections.drop(one)
    fresh = await waiting

    assert one.is_closed()
    assert await fresh.fetchval("select 1") == 1


async def test_one_that_is_in_a_transaction_is_not_handed_on(connections: Connections) -> None:
    one = await connections.take()
    await one.execute("begin")
    connections.give_back(one)

    assert one.is_closed()
    assert connections.state == (0, 0)


async def test_one_that_the_server_closed_is_not_handed_out(connections: Connections, database_url: str) -> None:
    one = await connections.take()
    pid = one.get_server_pid()
    connections.give_back(one)
    owner = await asyncpg.connect(database_url)
    await owner.execute("select pg_terminate_backend($1)", pid)
    await owner.close()
    async with asyncio.timeout(10):
        while not one.is_closed():  # noqa: ASYNC110 (the server tells nobody else)
            await asyncio.sleep(0.01)

    assert await connections.take() is not one


async def test_renewing_ends_the_free_now_and_those_in_use_when_they_come_back(connections: Connections) -> None:
    free, used = await connections.take(), await connections.take()
    connections.give_back(free)
    connections.renew()
    was_closed = used.is_closed()
    connections.give_back(used)

    assert free.is_closed()
    assert not was_closed
    assert used.is_closed()
    assert not (await connections.take()).is_closed()


async def test_a_failure_to_connect_lets_the_next_one_try() -> None:
    failures = asyncio.Queue[None]()

    async def connect() -> asyncpg.Connection:
        await failures.get()
        raise ConnectionRefusedError

    connections = Connections(connect, size=1, wait_s=5, idle_s=60)
    attempts = [asyncio.create_task(connections.take()) for _ in range(3)]
    for _ in attempts:
        failures.put_nowait(None)

    assert [type(error) for error in await asyncio.gather(*attempts, return_exceptions=True)] == [
        ConnectionRefusedError
    ] * 3
    await connections.close(0)


async def test_what_is_not_used_for_long_is_closed(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dcms.database.connections.SWEEP_INTERVAL_S", 0.01)
    connections = Connections(lambda: asyncpg.connect(database_url), size=2, wait_s=1, idle_s=0)
    one, other = await connections.take(), await connections.take()
    connections.give_back(one)
    async with asyncio.timeout(10):
        while connections.state != (1, 0):  # noqa: ASYNC110 (a timer closes it, silently)
            await asyncio.sleep(0.01)

    assert one.is_closed()
    assert not other.is_closed()
    await connections.close(0)


async def test_closing_waits_for_those_in_use(connections: Connections) -> None:
    one = await connections.take()
    closing = asyncio.create_task(connections.close(10))
    await asyncio.sleep(0)
    answer = await one.fetchval("select 1")
    connections.give_back(one)
    await closing

    assert answer == 1
    assert one.is_closed()
    with pytest.raises(asyncpg.InterfaceError):
        await connections.take()


async def test_many_takers_share_few_connections(connections: Connections) -> None:
    for connection in [await connections.take(), await connections.take()]:
        connections.give_back(connection)
    running = 0
    most = 0

    async def use() -> None:
        nonlocal running, most
        connection = await connections.take()
        running += 1
        most = max(most, running)
        await connection.fetchval("select 1")
        running -= 1
        connections.give_back(connection)

    await asyncio.gather(*(use() for _ in range(50)))

    assert most == 2
    assert connections.state == (2, 2)
