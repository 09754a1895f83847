"""Availability: what the first slots of many doctors cost, in one statement."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import asyncpg

from bench.arena import Arena
from bench.rounds import Measure, Result, ratio, take_turns
from dcms.access.watch import ClinicFacts
from dcms.database.codecs import set_codecs
from dcms.database.queries import queries

DOCTORS = 20
DAYS = 30
SLOTS = 50


def availability(arena: Arena) -> Result:
    """Twenty doctors and thirty days, the first fifty slots; and one doctor on one day."""
    clinic = arena.clinic
    first = clinic.coming_day
    terms: dict[str, Any] = {
        "chair_id": None,
        "service_ids": [],
        "duration_min": 30,
        "limit": SLOTS,
        "first_day": first,
    }
    many = {**terms, "doctor_ids": clinic.doctor_ids[:DOCTORS], "last_day": first + timedelta(days=DAYS - 1)}
    one = {**terms, "doctor_ids": clinic.doctor_ids[:1], "last_day": first}
    contestants: dict[str, Measure] = {
        name: _milliseconds(arena, values)
        for name, values in ((f"{DOCTORS} doctors, {DAYS} days", many), ("1 doctor, 1 day", one))
    }
    figures = take_turns(contestants, arena.options.rounds)
    return Result(
        case="availability",
        title=f"the first {SLOTS} slots of {DOCTORS} doctors in {DAYS} days",
        unit="ms",
        figures=figures,
        ratios=[ratio(figures, *contestants, wanted=8, aim=3, is_limit=True)],
    )


def _milliseconds(arena: Arena, values: dict[str, Any]) -> Measure:
    query = queries("availability").slots
    seconds = arena.options.seconds

    async def run() -> float:
        connection = await asyncpg.connect(arena.clinic.service_url)
        await set_codecs(connection, ClinicFacts())
        try:
            statement = await connection.prepare(query.text)
            bound = query.bind(values)
            # five custom plans come first
            for _ in range(6):
                await statement.fetch(*bound)
            calls = 0
            began = time.perf_counter()
            while time.perf_counter() < began + seconds:
                await statement.fetch(*bound)
                calls += 1
            return 1000 * (time.perf_counter() - began) / calls
        finally:
            await connection.close()

    return lambda: asyncio.run(run())
