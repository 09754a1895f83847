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


async def test_the_sweep_reads_neither_receipts_without_a_message_of_long_ago_nor_what_is_done(api: Api) -> None:
    await many_wait(api)
    await api.owner.execute(
        """
        update webhook_event set received_at = now() - interval '8 days',
            worked_at = case when kind <> 'sms.status' then now() end;
        update webhook_event set received_at = now() - interval '80 days', worked_at = null
        where subject in ('S2', 'S3')
        """
    )
    # what is dead in the indexes is no matter of the statement
    await api.owner.execute("vacuum analyze webhook_event")

    assert await swept(api) == ["S2", "S3"]


async def test_the_sweep_finds_the_messages_that_receipts_name_by_their_ids(api: Api) -> None:
    await many_wait(api)
    await api.owner.execute("delete from webhook_event where kind <> 'sms.status' or webhook_event_id % 1000 <> 0")
    await api.owner.execute(
        """
        update webhook_event
        set received_at = now() - interval '1 minute', details = details || jsonb_build_object('sms_id', 1000000)
        """
    )
    await api.owner.execute("vacuum analyze webhook_event")
    add = """
        insert into sms (direction, text, status, segments, encoding, sending_at, provider_message_id)
        select 'out', 'x', 'queued', 1, 'GSM-7', now(), case when $1 then 'SM' || number end
        from generate_series(1, 2000) as number
    """
    await api.owner.execute(add, True)
    await api.owner.execute("vacuum analyze sms")
    # known to the planner's statistics as none
    await api.owner.execute(add, False)

    assert await swept(api) == []


async def swept(api: Api) -> list[str]:
    """What the sweep finds, which costs little, however the statement is planned."""
    values = SQL.waiting.bind({"limit": 500})
    for mode in ("force_custom_plan", "force_generic_plan"):
        await api.owner.execute(f"set plan_cache_mode = {mode}")
        assert await rows_visited(api, SQL.waiting.text, values) < MOST_ROWS
    return sorted(row["subject"] for row in await api.owner.fetch(SQL.waiting.text, *values))
