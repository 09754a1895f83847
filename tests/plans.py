"""What statements cost, as the database counts it."""

import json
from collections.abc import Sequence
from typing import Any

from dcms.database.queries import Query
from tests.api import Api


async def buffers(api: Api, query: Query, arguments: dict[str, Any]) -> int:
    """How many pages a statement reads, once it is planned."""
    values = query.bind({"own_patient_id": None, **arguments} if "own_patient_id" in query.parameters else arguments)
    return await pages_read(api, query.text, values)


async def pages_read(api: Api, text: str, values: Sequence[Any]) -> int:
    """How many pages a statement of a list reads, once it is planned."""
    statement = await api.owner.prepare("explain (analyze, buffers, timing off, format json) " + text)
    await statement.fetchval(*values)
    [plan] = json.loads(await statement.fetchval(*values))
    counted: int = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    return counted


async def rows_visited(api: Api, text: str, values: Sequence[Any]) -> int:
    """How many rows a statement looks at, all steps of its plan together, whether it keeps them or not."""
    [plan] = json.loads(await api.owner.fetchval("explain (analyze, timing off, format json) " + text, *values))

    def visited(node: dict[str, Any]) -> float:
        seen = node["Actual Rows"] + sum(node.get(f"Rows Removed by {step}", 0) for step in ("Filter", "Join Filter"))
        return float(seen * node["Actual Loops"] + sum(visited(each) for each in node.get("Plans", [])))

    return round(visited(plan["Plan"]))
