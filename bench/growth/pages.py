"""How many pages a statement touches, as the database counts it."""

import json
from pathlib import Path
from typing import Any

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
    connection = await asyncpg.connect(clinic.service_url, server_settings={"jit": "off", "timezone": "UTC"})
    try:
        await set_codecs(connection, ClinicFacts())
        return {each.name: await _touched(connection, each) for each in hot_statements(clinic)}
    finally:
        await connection.close()


async def _touched(connection: asyncpg.Connection, hot: HotStatement) -> int:
    explained = await connection.prepare("explain (analyze, buffers, timing off, format json) " + hot.text)
    counts = []
    for _ in range(RUNS):
        running = connection.transaction()
        await running.start()
        try:
            before = await connection.fetchval(SQL.fetched.text)
            plan = await explained.fetchval(*hot.values)
            # EXPLAIN's own sum leaves out what triggers do after the statement
            by_all: int = await connection.fetchval(SQL.fetched.text) - before
            counts.append(max(by_all, _count(plan)))
        finally:
            await running.rollback()
    # what earlier runs left behind is cleaned up by some of them
    return min(counts[CHOSEN_AFTER:])


def _count(plan: Any) -> int:
    [told] = json.loads(plan) if isinstance(plan, str) else plan
    touched: int = told["Plan"]["Shared Hit Blocks"] + told["Plan"]["Shared Read Blocks"]
    return touched
