"""GET /patients/export.csv as a stream: one state of the database, little memory, and an end to everything."""

import asyncio
import tracemalloc

import pytest

from dcms.export import repository, stream
from tests.api import Api, problem
from tests.export.reading import connections, export, fill


async def test_the_file_is_of_one_moment_and_no_more_than_some_run_at_once(api: Api) -> None:
    await fill(api, 1000)
    may_go_on = asyncio.Event()
    all_run = asyncio.Barrier(repository.MAX_EXPORTS + 1)
    files = [b"" for _ in range(repository.MAX_EXPORTS)]

    async def run(number: int) -> bool:
        async def take(part: bytes, hung_up: asyncio.Event) -> None:
            if not files[number]:
                await all_run.wait()
            files[number] += part
            await may_go_on.wait()

        return await export(api, take)

    running = [asyncio.create_task(run(number)) for number in range(repository.MAX_EXPORTS)]
    await all_run.wait()
    refused = await api.admin.get("/patients/export.csv")
    await api.owner.execute("update patient set first_name = 'Changed'")
    may_go_on.set()
    complete = [await each for each in running]

    assert problem(refused, 503, "unavailable")["detail"] == "Too many exports are running."
    assert refused.headers["retry-after"]
    assert complete == [True] * repository.MAX_EXPORTS
    for file in files:
        assert (file.count(b"\r\n"), file.count(b",Anna,"), file.count(b"Changed")) == (1001, 1000, 0)
    assert await connections(api) == 0
    assert (await api.admin.get("/patients/export.csv")).content.count(b",Changed,") == 1000


async def test_one_who_goes_away_ends_it(api: Api) -> None:
    await fill(api, 2000)
    parts: list[bytes] = []

    async def take(part: bytes, hung_up: asyncio.Event) -> None:
        parts.append(part)
        hung_up.set()
        await asyncio.sleep(0)

    is_complete = await export(api, take)

    assert not is_complete
    assert len(parts) < 4
    assert await connections(api) == 0


async def test_one_whose_session_ends_gets_no_more(api: Api) -> None:
    await fill(api, 2000)
    parts: list[bytes] = []

    async def take(part: bytes, hung_up: asyncio.Event) -> None:
        parts.append(part)
        await api.owner.execute("update session set revoked_at = now() where session_id = $1", api.session_ids["admin"])
        await api.services.watch.read()

    is_complete = await export(api, take)

    assert not is_complete
    assert len(parts) == 1
    assert await connections(api) == 0


async def test_one_who_takes_nothing_is_dropped(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(api, 2000)
    monkeypatch.setattr(stream, "SEND_TIMEOUT_S", 0.1)

    async def take(part: bytes, hung_up: asyncio.Event) -> None:
        await asyncio.sleep(60)

    async with asyncio.timeout(5):
        is_complete = await export(api, take)

    assert not is_complete
    assert await connections(api) == 0


async def test_a_database_that_goes_away_breaks_it_off(api: Api) -> None:
    await fill(api, 2000)

    async def take(part: bytes, hung_up: asyncio.Event) -> None:
        await api.owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dcms export'"
        )

    assert not await export(api, take)


async def test_the_memory_does_not_grow_with_the_file(api: Api) -> None:
    async def peak_of(number: int) -> tuple[int, int]:
        await api.owner.execute("delete from patient")
        await fill(api, number)
        size = 0

        async def take(part: bytes, hung_up: asyncio.Event) -> None:
            nonlocal size
            size += len(part)

        tracemalloc.start()
        is_complete = await export(api, take)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert is_complete
        return size, peak

    await peak_of(200)
    small_size, small_peak = await peak_of(1000)
    large_size, large_peak = await peak_of(20_000)

    assert large_size > 19 * small_size
    assert large_peak < small_peak + 256 * 1024
