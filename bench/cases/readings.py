"""Reading: a patient, a page of patients, a day's appointments; the service, the reference and raw asyncpg."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from bench.arena import Arena
from bench.load import Request, latencies, press, warm
from bench.pools import patients_a_second
from bench.rounds import Measure, Result, percentiles, ratio, take_turns
from bench.servers import Server

# of the slower one's rate: so much a second is asked of both for the latencies
STEADY_SHARE = 0.5
CALLS = 5000
PAGES_LIMIT = 50
DAY_LIMIT = 160


def patient(arena: Arena) -> Result:
    """One patient by id, with its ETag."""
    clinic, options = arena.clinic, arena.options
    raw = partial(
        patients_a_second,
        clinic.service_url,
        options.pool_size,
        options.connections,
        options.seconds,
        clinic.first_patient,
        clinic.patients,
    )
    paths = [f"/patients/{clinic.first_patient + number * 7919 % clinic.patients}" for number in range(CALLS)]
    result = _compare(arena, "patient", "a patient by id, with login and ETag", arena.gets(paths), {"asyncpg": raw})
    result.ratios.insert(0, ratio(result.figures, "dcms", "fastapi", wanted=5, aim=8))
    result.ratios.append(ratio(result.figures, "dcms", "asyncpg", wanted=0.3, aim=0.5))
    return result


def page(arena: Arena) -> Result:
    """The newest fifty patients."""
    requests = arena.gets([f"/patients?limit={PAGES_LIMIT}"] * CALLS)
    result = _compare(arena, "page", f"a page of {PAGES_LIMIT} patients", requests)
    result.ratios.append(ratio(result.figures, "dcms", "fastapi", wanted=4, aim=6))
    return result


def day(arena: Arena) -> Result:
    """A full page of one day's appointments."""
    days = [arena.clinic.coming_day + timedelta(days=number) for number in range(5)]
    paths = [
        f"/appointments?from={day}T00:00:00Z&to={day + timedelta(days=1)}T00:00:00Z&limit={DAY_LIMIT}" for day in days
    ]
    result = _compare(arena, "day", f"a page of {DAY_LIMIT} appointments of one day", arena.gets(paths * 100))
    result.ratios.append(ratio(result.figures, "dcms", "fastapi", wanted=4, aim=6))
    return result


def _compare(
    arena: Arena, case: str, title: str, requests: list[Request], others: dict[str, Callable[[], float]] | None = None
) -> Result:
    options = arena.options
    with arena.reference() as reference, arena.service() as dcms:
        servers = (dcms, reference)
        contestants: dict[str, Measure] = {each.name: _rate(each, requests, arena) for each in servers}
        # so that every connection, statement and compiled path is there
        for server in servers:
            warm(server.port, requests, options.connections)
        figures = take_turns(contestants | (others or {}), options.rounds)
        steady = STEADY_SHARE * min(figures[each.name].median for each in servers)
        waits = {
            each.name: percentiles(
                latencies(each.port, requests, options.connections, steady, options.steady_s(steady))
            )
            for each in servers
        }
    return Result(
        case=case,
        title=title,
        unit="answers/s",
        figures=figures,
        latencies=waits,
        notes=[f"latencies at a steady {steady:.0f}/s"],
    )


def _rate(server: Server, requests: list[Request], arena: Arena) -> Measure:
    return lambda: press(server.port, requests, arena.options.connections, arena.options.seconds).rate
