"""Readings that may be stale are answered by a standby, never by one that is staler than allowed."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dcms.app import create_app
from dcms.chairs.repository import ChairRepository
from dcms.context import Context, current_context
from dcms.database.cluster import Cluster
from dcms.database.standby import Position, Standby
from dcms.settings import Settings
from dcms.web.preferences import max_staleness
from dcms.web.problems import NotFound, Unavailable
from tests import databases, make
from tests.api import JWT_KEYS, Api, problem
from tests.contract.matrix import QUERY
from tests.contract.routes import BUILT, DOCUMENT, ROUTES, operation
from tests.contract.world import build
from tests.databases import application_url, bin_dir, fresh_database, template_database
from tests.faults.standby import promote, streaming_standby

SETTINGS = databases.SETTINGS | {"synchronous_commit": "on", "wal_level": "replica", "max_wal_senders": "4"}
STALE = {"Prefer": "max-staleness=3600"}
APPLIED = "Preference-Applied"
WITHIN_S = 20
STALE_ROUTES = [endpoint for endpoint in BUILT if ROUTES[endpoint.name].may_be_stale]


class Pair:
    """A primary and its standby."""

    def __init__(self, primary: Cluster, standby: Cluster) -> None:
        self.primary = primary
        self.standby = standby
        self.template = template_database(primary)

    @asynccontextmanager
    async def clinic(self) -> AsyncIterator[tuple[Api, asyncpg.Connection]]:
        """The service over both, when the standby is used, and a connection of the standby's owner."""
        url = fresh_database(self.primary, self.template)
        name = url.partition("?")[0].rpartition("/")[2]
        app = create_app(
            Settings(
                database_url=application_url(url),
                owner_database_url=url,
                standby_url=application_url(self.standby.url(name)),
                jwt_keys=JWT_KEYS,
            )
        )
        await app.services.start()
        async with Api(app, url) as api:
            await until_it_follows(api)
            behind = await asyncpg.connect(self.standby.url(name))
            yield api, behind
            await behind.close()
        await app.services.stop()


@asynccontextmanager
async def left_behind(behind: asyncpg.Connection) -> AsyncIterator[None]:
    """Let the standby stay where it is."""
    await behind.execute("select pg_wal_replay_pause()")
    try:
        yield
    finally:
        await behind.execute("select pg_wal_replay_resume()")


async def until_it_follows(api: Api) -> None:
    """Wait until the standby has what was written so far."""
    written, until = time.monotonic(), time.monotonic() + WITHIN_S
    while time.monotonic() - standby_of(api).staleness_s < written:
        assert time.monotonic() < until
        await asyncio.sleep(0.05)


def standby_of(api: Api) -> Standby:
    standby = api.services.standby
    assert standby is not None
    return standby


async def names(api: Api, **headers: str) -> tuple[list[str], str | None]:
    """The chairs that are listed, and what the answer says of its staleness."""
    answer = await api.doctor.get("/chairs", headers={name.replace("_", "-"): text for name, text in headers.items()})
    assert answer.status_code == 200, answer.text
    return [chair["name"] for chair in answer.json()["items"]], answer.headers.get(APPLIED)


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    folder = Path(tempfile.mkdtemp(prefix="dcms-standby-"))
    folder.chmod(0o755)
    primary = Cluster(folder / "postgres", bin_dir(), SETTINGS)
    try:
        primary.start()
        with streaming_standby(primary, SETTINGS) as standby:
            yield Pair(primary, standby)
    finally:
        primary.destroy()
        shutil.rmtree(folder, ignore_errors=True)


async def test_a_standby_that_is_behind_answers_who_allows_that_and_nobody_else(pair: Pair) -> None:
    async with pair.clinic() as (api, behind):
        async with left_behind(behind):
            await make.chair(api, "New")
            await asyncio.sleep(1.6)
            allowed = [await names(api, Prefer=f"max-staleness={seconds}") for seconds in (60, 1)]
            unasked = await names(api)
        await until_it_follows(api)

        assert allowed == [([], "max-staleness=60"), (["New"], None)]
        assert unasked == (["New"], None)
        assert await names(api, Prefer="max-staleness=10") == (["New"], "max-staleness=10")


async def test_the_metrics_tell_how_stale_it_is(pair: Pair) -> None:
    async with pair.clinic() as (api, behind), left_behind(behind):
        await make.chair(api, "New")
        # the next looks of both at what they measure
        await asyncio.sleep(2.6)
        text = (await api.anonymous.get("http://testserver/metrics")).text
        [line] = [line for line in text.splitlines() if line.startswith("dcms_standby_staleness_seconds ")]

        assert 1 <= float(line.partition(" ")[2]) <= standby_of(api).staleness_s


async def test_only_what_may_be_stale_is_read_there_and_a_write_sees_what_was_written(pair: Pair) -> None:
    async with pair.clinic() as (api, behind):
        async with left_behind(behind):
            chair = await make.chair(api, "New")
            shown = await api.doctor.get(f"/chairs/{chair['chair_id']}", headers=STALE)
            again = await api.admin.post("/chairs", headers=STALE, json={"name": "New"})

        assert (shown.status_code, shown.headers.get(APPLIED)) == (200, None)
        assert problem(again, 409, "duplicate")
        assert APPLIED not in again.headers


async def test_who_is_logged_out_or_loses_a_role_is_so_at_once(pair: Pair) -> None:
    async with pair.clinic() as (api, behind):
        async with left_behind(behind):
            await api.doctor.post(f"/auth/sessions/{api.session_ids['doctor']}/revoke")
            await api.admin.patch(f"/users/{api.user_ids['receptionist']}", json={"roles": ["patient"]})
            revoked = await api.doctor.get("/chairs", headers=STALE)
            demoted = await api.receptionist.get("/chairs", headers=STALE)
            other = await api.assistant.get("/chairs", headers=STALE)

        assert [answer.status_code for answer in (revoked, demoted, other)] == [401, 403, 200]
        assert other.headers[APPLIED] == "max-staleness=3600"


async def test_a_row_is_not_read_together_with_those_of_the_primary(pair: Pair) -> None:
    async with pair.clinic() as (api, behind):
        chairs = ChairRepository(api.services.database)
        async with left_behind(behind):
            chair = await make.chair(api, "New")
            token = current_context.set(Context("test", max_staleness_s=60))
            with pytest.raises(NotFound):
                await chairs.get(chair["chair_id"])
            current_context.reset(token)

            assert (await chairs.get(chair["chair_id"])).name == "New"


async def test_every_route_that_may_be_stale_is_answered_by_a_standby_alone(pair: Pair) -> None:
    async with pair.clinic() as (api, _):
        world = await build(api)
        await until_it_follows(api)
        answers = {
            endpoint.name: await api.admin.get(f"{world.url(endpoint)}?{QUERY.get(endpoint.path, '')}", headers=STALE)
            for endpoint in STALE_ROUTES
        }

        told = {name: (answer.status_code, answer.headers.get(APPLIED)) for name, answer in answers.items()}
        assert told == dict.fromkeys(answers, (200, "max-staleness=3600"))
        assert len(told) > 30


async def test_what_the_standby_cannot_answer_the_primary_does(pair: Pair) -> None:
    async with pair.clinic() as (api, behind):
        lock = api.owner.transaction()
        await lock.start()
        await api.owner.execute("lock table chair in access exclusive mode")
        # a commit sends what is in the log
        await make.position(api)
        await until_it_follows(api)
        async with left_behind(behind):
            await lock.rollback()
            found = await names(api, **STALE)
            others = await api.doctor.get("/services", headers=STALE)

        assert found == ([], None)
        assert others.headers[APPLIED] == "max-staleness=3600"


async def test_a_standby_that_is_gone_is_not_missed_and_used_again_when_it_is_back(pair: Pair) -> None:
    async with pair.clinic() as (api, _):
        await make.chair(api, "New")
        await until_it_follows(api)
        before = await names(api, **STALE)
        await asyncio.to_thread(pair.standby.stop)
        at_once = await asyncio.gather(*(names(api, **STALE) for _ in range(20)))
        await asyncio.sleep(0.7)
        later = await names(api, **STALE)
        is_used = standby_of(api).staleness_s < 3600
        await asyncio.to_thread(pair.standby.start)
        await until_it_follows(api)

        assert before == (["New"], "max-staleness=3600")
        assert at_once == [(["New"], None)] * 20
        assert (later, is_used) == ((["New"], None), False)
        assert await names(api, **STALE) == before


# the last one: it takes the standby from the primary
async def test_a_promoted_standby_is_not_used(pair: Pair) -> None:
    async with pair.clinic() as (api, _):
        await asyncio.to_thread(promote, pair.standby)
        await make.chair(api, "New")
        await asyncio.sleep(1.2)

        assert await names(api, **STALE) == (["New"], None)
        assert standby_of(api).staleness_s == float("inf")


async def test_without_a_standby_the_preference_is_ignored(api: Api) -> None:
    await make.chair(api, "New")

    assert api.services.standby is None
    assert await names(api, **STALE) == (["New"], None)


@pytest.mark.parametrize(
    "prefer, seconds",
    [
        (["max-staleness=60"], 60),
        (['respond-async, Max-Staleness = "3600"; why=x'], 3600),
        (["respond-async", "max-staleness=1"], 1),
        (["max-staleness=5, max-staleness=50"], 5),
        (["max-staleness=0, max-staleness=50"], None),
        (['note="a, max-staleness=5"'], None),
        (["max-staleness=3601"], None),
        (["max-staleness=0"], None),
        (["max-staleness=-1"], None),
        (["max-staleness=1.5"], None),
        (["max-staleness=²"], None),
        (["max-staleness=99999999999"], None),
        (["max-staleness"], None),
        (["max-staleness-not=5"], None),
        (['"'], None),
        # nobody closes it; once this took time with the square of its length
        (['note="a, max-staleness=5'], None),
        (['\\"' * 50_000 + ", max-staleness=5"], None),
        (["\\" * 50_001], None),
        ([], None),
    ],
)
def test_of_the_preferences_a_whole_number_of_seconds_counts(prefer: list[str], seconds: int | None) -> None:
    assert max_staleness(prefer) == seconds


class Servers:
    """Stands for both: the primary where it is told to be, the standby likewise."""

    def __init__(self) -> None:
        self.current = Position("00000001", 100)
        self.replayed: Position | None = Position("00000001", 100)

    async def one(self, *_: Any) -> Position:
        return self.current

    async def fetchrow(self, _: str) -> tuple[str, int] | None:
        return None if self.replayed is None else (self.replayed.timeline, self.replayed.position)


async def look(standby: Standby, servers: Servers) -> float:
    """Up to when the standby is complete after a look at both."""
    await standby._sample()
    await standby._follow(servers)  # type: ignore[arg-type]
    return standby._complete_until


async def test_a_standby_is_as_old_as_the_last_place_that_it_has_come_past() -> None:
    servers = Servers()
    standby = Standby("", servers, None, 1)  # type: ignore[arg-type]
    first = await look(standby, servers)
    servers.current = Position("00000001", 200)
    second = await look(standby, servers)
    servers.current = Position("00000001", 300)
    servers.replayed = Position("00000001", 250)
    third = await look(standby, servers)

    assert first == second < third < time.monotonic()


async def test_places_of_another_timeline_prove_nothing() -> None:
    servers = Servers()
    standby = Standby("", servers, None, 1)  # type: ignore[arg-type]
    before = await look(standby, servers)
    servers.current = Position("00000002", 110)
    servers.replayed = Position("00000001", 120)
    still = await look(standby, servers)
    servers.replayed = Position("00000002", 120)

    assert still == before < await look(standby, servers)


@pytest.mark.parametrize("replayed", [None, Position("00000001", 99)])
async def test_a_standby_that_takes_writes_or_began_again_further_back_is_unavailable(
    replayed: Position | None,
) -> None:
    servers = Servers()
    standby = Standby("", servers, None, 1)  # type: ignore[arg-type]
    await look(standby, servers)
    servers.replayed = replayed

    with pytest.raises(Unavailable):
        await look(standby, servers)


def test_only_readings_may_be_stale_and_the_document_says_which() -> None:
    documented = {
        f"{method.upper()} {path}"
        for path, operations in DOCUMENT["paths"].items()
        for method, described in operations.items()
        if {"$ref": "#/components/parameters/Prefer"} in described["parameters"]
    }

    assert {endpoint.method for endpoint in STALE_ROUTES} == {"GET"}
    assert documented == {endpoint.name for endpoint in STALE_ROUTES}
    assert all(APPLIED in operation(endpoint)["responses"]["200"]["headers"] for endpoint in STALE_ROUTES)
