"""What a batch of events costs, however many others wait."""

import json
from typing import Any

import pytest

from dcms.context import Context, current_context
from dcms.webhooks.repository import SQL
from tests.api import Api
from tests.plans import rows_visited

WAITING = 20_000
MOST_ROWS = 100


async def many_wait(api: Api) -> list[int]:
    """Events that nobody works on, known to the planner's statistics as none; the ids of the first four."""
    await api.owner.execute("analyze webhook_event")
    rows = await api.owner.fetch(
        """
        insert into webhook_event (
            kind, subject, event, details, body, content_type, query_string, request_id, deliveries, received_at
        )
        select (array['sms.inbound', 'sms.status', 'call'])[1 + number % 3], 'S' || number, 'x',
            '{"status": "completed", "number": {"e164": "+491712345678", "national": "0171", "type": "mobile"},
            "text": "Hello", "segments": 1, "encoding": "GSM-7", "direction": "in"}',
            '', '', '', '', 1, now()
        from generate_series(1, $1::integer) as number
        returning webhook_event_id
        """,
        WAITING,
    )
    return sorted(row["webhook_event_id"] for row in rows)[:4]


@pytest.mark.parametrize("verb", ["receive_sms", "apply_receipts", "fold_calls"])
async def test_a_batch_reads_its_own_events_and_not_all_that_wait(api: Api, verb: str) -> None:
    ids = await many_wait(api)
    current_context.set(Context("plans"))
    query = getattr(SQL, verb)
    wanted: dict[str, Any] = {"webhook_event_ids": ids, "subjects": ["S2", "S5"]}
    bound = query.bind({name: value for name, value in wanted.items() if name in query.parameters})
    # the owner's connection takes jsonb as text
    values = [json.dumps(value) if isinstance(value, dict) else value for value in bound]

    for mode in ("force_custom_plan", "force_generic_plan"):
        await api.owner.execute(f"set plan_cache_mode = {mode}")
        async with api.owner.transaction():
            assert await rows_visited(api, query.text, values) < MOST_ROWS
            await api.owner.execute("update webhook_event set worked_at = null")
