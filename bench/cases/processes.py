"""The service's processes: two against one, their start, their memory."""

import os

from bench.arena import Arena
from bench.load import Request, press, warm
from bench.rounds import Measure, Ratio, Result, Spread, ratio, take_turns
from bench.servers import Server, resident_mib

CALLS = 5000
# memory is read so often, evenly
READINGS = 10
CHUNK_S = 1.0


def workers(arena: Arena) -> Result:
    """Two workers against one, reading patients by id."""
    requests = _patients(arena)
    with arena.service(name="1 worker") as one, arena.service(workers=2, name="2 workers") as two:
        servers = (one, two)
        contestants: dict[str, Measure] = {each.name: _rate(each, requests, arena) for each in servers}
        for server in servers:
            warm(server.port, requests, arena.options.connections)
        figures = take_turns(contestants, arena.options.rounds)
    cores = os.cpu_count() or 1
    return Result(
        case="workers",
        title="a patient by id, two workers against one",
        unit="answers/s",
        figures=figures,
        ratios=[ratio(figures, "2 workers", "1 worker", wanted=1.6, aim=1.9)],
        notes=[
            f"{cores} cores for the service, the database and the load"
            + (": too few for two workers to show what they can" if cores < 4 else "")
        ],
    )


def start(arena: Arena) -> Result:
    """From `dcms serve` to its first healthy answer."""

    def seconds() -> float:
        with arena.service() as server:
            return server.ready_after_s

    figures = take_turns({"dcms": seconds}, arena.options.rounds)
    return Result(
        case="start",
        title="from the start of a process to its first healthy answer",
        unit="s",
        figures=figures,
        ratios=[Ratio("dcms", None, figures["dcms"], 2, 1, is_limit=True)],
    )


def memory(arena: Arena) -> Result:
    """One worker's resident memory while it answers many requests: patients, pages, days, and bookings that fail."""
    requests = _patients(arena)[:200] + arena.gets(["/patients?limit=50", "/appointments?limit=50"] * 10)
    sizes: list[float] = []
    answered = 0
    with arena.service() as server:
        for reading in range(READINGS):
            while answered < arena.options.requests * (reading + 1) / READINGS:
                answered += press(server.port, requests, arena.options.connections, CHUNK_S, answered).answers
            sizes.append(resident_mib(server.pid))
    return Result(
        case="memory",
        title=f"resident memory of one worker over {answered:,} requests",
        unit="MiB",
        figures={"early": Spread(sizes[: READINGS // 2]), "late": Spread(sizes[READINGS // 2 :])},
        ratios=[
            Ratio("late", None, Spread(sizes[READINGS // 2 :]), 120, 80, is_limit=True),
            Ratio("last", "middle", Spread([sizes[-1] / sizes[READINGS // 2 - 1]]), 1.05, 1.01, is_limit=True),
        ],
        notes=["every tenth part of it: " + ", ".join(f"{size:.0f}" for size in sizes)],
    )


def _patients(arena: Arena) -> list[Request]:
    clinic = arena.clinic
    return arena.gets(
        [f"/patients/{clinic.first_patient + number * 7919 % clinic.patients}" for number in range(CALLS)]
    )


def _rate(server: Server, requests: list[Request], arena: Arena) -> Measure:
    return lambda: press(server.port, requests, arena.options.connections, arena.options.seconds).rate
