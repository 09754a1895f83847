"""Booking: rules, claims, event, audit, outbox, all of it on the disk before the answer."""

import itertools
import json

from bench.arena import BOOKED_DAYS, SLOTS_A_DAY, Arena
from bench.clinic import SPARE_DOCTORS
from bench.load import latencies, press
from bench.pgbench import WARM_S, find_pgbench, script, transactions_a_second
from bench.rounds import Measure, Result, percentiles, ratio, take_turns
from bench.servers import Server
from dcms.database.queries import queries

STEADY_SHARE = 0.5
# more than any server here takes in a second
MOST_A_SECOND = 4000
CAPACITY = BOOKED_DAYS * SLOTS_A_DAY * SPARE_DOCTORS
CONTEXT = json.dumps(
    {"actor_id": 5, "session_id": 1, "ip": "127.0.0.1", "user_agent": "pgbench", "request_id": "bench"}
)


class Diary:
    """The bookings of one server: none is asked for twice."""

    def __init__(self, arena: Arena, server: Server) -> None:
        self._arena = arena
        self._server = server
        self._next = 0

    def rate(self) -> float:
        """Book for some seconds; bookings a second."""
        options = self._arena.options
        requests = self._arena.bookings(self._next, int(MOST_A_SECOND * max(1, options.seconds)))
        tally = press(self._server.port, requests, options.connections, options.seconds)
        self._next += tally.end
        return tally.rate

    def latencies(self, rate: float) -> dict[str, float]:
        """Book at a steady rate."""
        options = self._arena.options
        seconds = options.steady_s(rate)
        requests = self._arena.bookings(self._next, int(rate * seconds) + 1)
        self._next += len(requests)
        return percentiles(latencies(self._server.port, requests, options.connections, rate, seconds))


def booking(arena: Arena) -> Result:
    """Appointments of half an hour with a hundred doctors."""
    with arena.reference() as reference, arena.service() as dcms:
        diaries = {server.name: Diary(arena, server) for server in (dcms, reference)}
        contestants: dict[str, Measure] = {name: diary.rate for name, diary in diaries.items()}
        if find_pgbench() is not None:
            contestants["pgbench"] = _alone(arena)
        for diary in diaries.values():
            diary.rate()
        figures = take_turns(contestants, arena.options.rounds)
        steady = STEADY_SHARE * min(figures[name].median for name in diaries)
        waits = {name: diary.latencies(steady) for name, diary in diaries.items()}
    ratios = [ratio(figures, "dcms", "fastapi", wanted=4, aim=6)]
    if "pgbench" in figures:
        ratios.append(ratio(figures, "dcms", "pgbench", wanted=0.3, aim=0.6))
    return Result(
        case="booking",
        title="a booking: claims, event, audit, outbox, durable",
        unit="bookings/s",
        figures=figures,
        ratios=ratios,
        latencies=waits,
        notes=[f"latencies at a steady {steady:.0f}/s"],
    )


def _alone(arena: Arena) -> Measure:
    """pgbench with the service's own statement, in the second half of the time that is free."""
    clinic, options = arena.clinic, arena.options
    slots = "interval '6 hours' + (:slot)::integer * interval '30 minutes'"
    text = script(
        queries("appointments").book,
        [
            "i :i + 1",
            "n :start + :i * :clients + :client_id",
            f"doctor {clinic.first_spare_doctor} + :n % {SPARE_DOCTORS}",
            f"patient {clinic.first_patient} + :n % {clinic.patients}",
            f"day :n / {SPARE_DOCTORS * SLOTS_A_DAY}",
            f"slot :n / {SPARE_DOCTORS} % {SLOTS_A_DAY}",
        ],
        {
            "patient_id": "(:patient)",
            "doctor_id": "(:doctor)",
            "chair_id": "null",
            "service_ids": "array[]::bigint[]",
            "starts_at": (
                f"((date '{arena.free_days_after.date()}' + (:day)::integer + {slots}) at time zone 'Europe/Berlin')"
            ),
            "ends_at": "null::timestamptz",
            "duration_min": "30",
            "note": "null",
            "allow_outside_hours": "false",
            "allow_overlap": "false",
            "override_reason": "null",
            "context": f"'{CONTEXT}'::jsonb",
            "caller_id": "5",
            "own_patient_id": "null",
        },
    )
    starts = itertools.count(CAPACITY // 2, int(MOST_A_SECOND * (WARM_S + max(1, options.seconds))))
    return lambda: transactions_a_second(
        clinic.service_url,
        text,
        options.pool_size,
        options.seconds,
        {"i": 0, "clients": options.pool_size, "start": next(starts)},
    )
