"""How many pages a statement touches, as the database counts it."""

from pathlib import Path

import asyncpg

from bench.clinic import Clinic
from bench.growth.statements import HotStatement, hot_statements
from dcms.access.watch import ClinicFacts
from dcms.database.codecs import set_codecs
from dcms.database.queries import Queries

SQL = Queries(Path(__file__).parent.parent / "sql" / "growth")

# the server has chosen between custom plans and the generic one after five, and has its catalogue in memory
RUNS = 9
CHOSEN_AFTER = 6


async def pages_touched(clinic: Clinic) -> dict[str, int]:
    """The pages of each hot statement, read or found in memory. Nothing that they write stays."""
    connection = await asyncpg.connect(clinic.service_url, server_settings={"timezone": "UTC"})
    try:
        await set_codecs(connection, ClinicFacts())
        return {each.name: await _touched(connection, each) for each in hot_statements(clinic)}
    finally:
        await connection.close()


async def _touched(connection: asyncpg.Connection, hot: HotStatement) -> int:
    # run as the service runs it: EXPLAIN would plan it each time, and leave out what triggers do after it
    statement = await connection.prepare(hot.text)
    counts = []
    for _ in range(RUNS):
        running = connection.transaction()
        await running.start()
        try:
            before: int = await connection.fetchval(SQL.fetched.text)
            await statement.fetch(*hot.values)
            counts.append(await connection.fetchval(SQL.fetched.text) - before)
        finally:
            await running.rollback()
    # what earlier runs left behind is cleaned up by some of them
    touched: int = min(counts[CHOSEN_AFTER:])
    return round(touched / hot.partitions)
