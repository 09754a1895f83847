"""Raw asyncpg: the statement alone, on a pool like the service's, in a process of its own.

`python -m bench.pools URL POOL_SIZE CONNECTIONS SECONDS FIRST_PATIENT PATIENTS` prints the patients read a second.
"""

import asyncio
import itertools
import subprocess
import sys
import time
from typing import Any

import asyncpg
import uvloop

from dcms.access.watch import ClinicFacts
from dcms.database.codecs import set_codecs
from dcms.database.queries import queries

GRACE_S = 30


def patients_a_second(
    url: str, pool_size: int, connections: int, seconds: float, first_patient: int, patients: int
) -> float:
    """Read patients for some seconds."""
    arguments = [url, pool_size, connections, seconds, first_patient, patients]
    command = [sys.executable, "-m", "bench.pools", *map(str, arguments)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + GRACE_S)
    return float(answer.stdout)


async def read_patients(
    url: str, pool_size: int, connections: int, seconds: float, first_patient: int, patients: int
) -> float:
    """Let so many tasks share the pool, which resets nothing."""
    query = queries("patients").get
    facts = ClinicFacts()
    numbers = itertools.count()
    pool = await asyncpg.create_pool(
        url,
        min_size=pool_size,
        max_size=pool_size,
        init=lambda connection: set_codecs(connection, facts),
        reset=_keep,
    )

    async def client(until: float) -> None:
        while time.perf_counter() < until:
            patient_id = first_patient + next(numbers) * 7919 % patients
            async with pool.acquire() as connection:
                await connection.fetchrow(query.text, *query.bind({"patient_id": patient_id, "own_patient_id": None}))

    async with pool:
        began = time.perf_counter()
        await asyncio.gather(*(client(began + seconds) for _ in range(connections)))
        return next(numbers) / (time.perf_counter() - began)


async def _keep(connection: Any) -> None:
    pass


if __name__ == "__main__":
    url, *numbers = sys.argv[1:]
    pool_size, connections, seconds, first_patient, patients = numbers
    print(
        uvloop.run(
            read_patients(url, int(pool_size), int(connections), float(seconds), int(first_patient), int(patients))
        )
    )
