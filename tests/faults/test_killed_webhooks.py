"""Servers are killed while webhooks pour in: what was acknowledged is kept, and has its effect once."""

import asyncio
import random
from contextlib import suppress

import asyncpg
import httpx
import pytest

from dcms.access.watch import ClinicFacts
from dcms.context import Context, current_context
from dcms.database.pool import Database
from dcms.webhooks.repository import WebhookRepository
from tests.databases import application_url
from tests.faults.clinic import Server
from tests.webhooks import twilio

pytestmark = pytest.mark.short

EVENTS, CLIENTS = 300, 40


async def test_acknowledged_events_survive_their_server(database_url: str) -> None:
    chance = random.Random(11)
    settings = {"DCMS_TWILIO_AUTH_TOKEN": twilio.TOKEN, "DCMS_PUBLIC_BASE_URL": "https://clinic.example"}
    servers = [Server(database_url, **settings) for _ in range(2)]
    clients = [httpx.AsyncClient(base_url=server.url, timeout=10) for server in servers]
    acknowledged: set[str] = set()
    further = asyncio.Condition()

    async def deliver(sid: str) -> None:
        while sid not in acknowledged:
            with suppress(httpx.TransportError):
                answer = await twilio.post_by(
                    chance.choice(clients), twilio.INBOUND, MessageSid=sid, From="+491712345678", Body=sid
                )
                assert answer.status_code in (200, 503)
                if answer.status_code == 200:
                    acknowledged.add(sid)
            async with further:
                further.notify_all()

    async def kill() -> None:
        for number, server in enumerate(servers, 1):
            async with further:
                await further.wait_for(lambda so_far=number * EVENTS // 3: len(acknowledged) >= so_far)  # type: ignore[misc]
            server.kill()
            # the other one is enough, and this one comes back
            server.start()

    try:
        for server in servers:
            server.wait()
        killing = asyncio.create_task(kill())
        await twilio.at_once((deliver(f"SM{number}") for number in range(EVENTS)), most=CLIENTS)
        await killing
    finally:
        for client in clients:
            await client.aclose()
        for server in servers:
            server.kill()
    assert [bug for server in servers for bug in server.bugs()] == []

    owner = await asyncpg.connect(database_url)
    await owner.execute("update webhook_event set received_at = received_at - interval '2 seconds'")
    await sweep(application_url(database_url))
    kept = {
        row["subject"] for row in await owner.fetch("select subject from webhook_event where worked_at is not null")
    }
    effects = [row["text"] for row in await owner.fetch("select text from sms")]
    await owner.close()

    assert kept == acknowledged == {f"SM{number}" for number in range(EVENTS)}
    assert sorted(effects) == sorted(kept)


async def sweep(url: str) -> None:
    """What a worker does every second."""
    current_context.set(Context("sweep"))
    database = Database(url, ClinicFacts(), 2)
    await database.open()
    await WebhookRepository(database).sweep()
    await database.close()
