"""What statements cost, as the database counts it."""

import json
from typing import Any

from dcms.database.queries import Query
from tests.api import Api


async def buffers(api: Api, query: Query, arguments: dict[str, Any]) -> int:
    """How many pages a statement reads, once it is planned."""
    values = query.bind({"own_patient_id": None, **arguments} if "own_patient_id" in query.parameters else arguments)
    statement = await api.owner.prepare("explain (analyze, buffers, timing off, format json) " + query.text)
    await statement.fetchval(*values)
    [plan] = json.loads(await statement.fetchval(*values))
    counted: int = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    return counted
