"""Cases that need no more than the service, on a tiny clinic; `.ci/run` runs all of them shortly."""

import os
from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from bench.arena import Arena, Options
from bench.cases.availability import availability
from bench.cases.processes import start
from bench.cases.webhooks import webhook
from tests.databases import drop_database, running_cluster


@pytest.fixture(scope="module")
def arena() -> Iterator[Arena]:
    """On the tests' cluster, which is quicker than a durable one."""
    options = Options(size=3000, rounds=1, seconds=0.2, connections=2, pool_size=2)
    made = Arena(running_cluster(), options, f"test_{os.getpid()}_arena")
    yield made
    drop_database(running_cluster(), made.clinic.owner_url)


def _kept(arena: Arena) -> int:
    with psycopg.connect(arena.clinic.owner_url) as connection:
        row = connection.execute("select count(*) from webhook_event where subject like 'SMload%'").fetchone()
    assert row is not None
    count: int = row[0]
    return count


def test_no_two_bookings_meet(arena: Arena) -> None:
    slots = [arena.slot(number) for number in range(20_000)]

    assert len({(doctor_id, starts_at) for _, doctor_id, starts_at in slots}) == 20_000
    assert len({(patient_id, starts_at) for patient_id, _, starts_at in slots}) == 20_000
    assert {starts_at.hour for _, _, starts_at in slots} == set(range(6, 22))
    with pytest.raises(ValueError, match="booked out"):
        arena.slot(10_000_000)


def test_bookings_lie_behind_the_diary(arena: Arena) -> None:
    assert arena.slot(0)[2].date() > arena.clinic.coming_day + timedelta(weeks=4)


def test_events_that_were_answered_were_kept(arena: Arena) -> None:
    result = webhook(arena)

    assert result.figures["dcms"].median > 0
    assert {"p50", "p99"} <= result.latencies["dcms"].keys()
    assert _kept(arena) > 0


def test_availability_costs_something(arena: Arena) -> None:
    result = availability(arena)

    assert all(spread.lowest > 0 for spread in result.figures.values())
    assert result.ratios[0].is_limit


def test_the_start_of_a_process_is_timed(arena: Arena) -> None:
    assert start(arena).figures["dcms"].median > 0
