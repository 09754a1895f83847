"""The whole worker in this process: sends, sweeps, keeps house, and stops when told to."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from dcms.worker.options import Options
from dcms.worker.process import run_worker
from tests import make
from tests.api import Api
from tests.webhooks.test_receive_sms_status import receipt

OPTIONS = Options(poll_s=0.02, sweep_s=0.02, grace_s=2.0)


@asynccontextmanager
async def working(api: Api, url: str | None = None) -> AsyncIterator[asyncio.Task[None]]:
    """A worker for as long as the block runs."""
    settings = msgspec.structs.replace(api.services.settings, database_url=url or api.services.database.url)
    stop = asyncio.Event()
    task = asyncio.create_task(run_worker(settings, stop, OPTIONS))
    yield task
    stop.set()
    await task


async def until(api: Api, statement: str) -> None:
    """Wait for a condition, for ten seconds."""
    ends = time.monotonic() + 10
    while not await api.owner.fetchval(statement):
        assert time.monotonic() < ends, f"never came true: {statement}"
        await asyncio.sleep(0.02)


async def test_messages_go_out_reminders_are_planned_and_receipts_find_their_message(api: Api) -> None:
    patient_id, hold = await make.holder(api)
    message = await make.sms(api, hold)
    await make.appointment(api, patient_id=patient_id)

    async with working(api):
        await until(api, "select count(*) = 1 from sms where status = 'sent'")
        await until(api, "select count(*) = 1 from sms where status = 'scheduled'")
        sid = (await api.doctor.get(f"/sms/{message['sms_id']}")).json()["provider_message_id"]
        # as if the receipt had come before the message's row
        await api.owner.execute("update sms set provider_message_id = null where status = 'sent'")
        await receipt(api, sid, "delivered")
        await api.owner.execute("update sms set provider_message_id = $1 where status = 'sent'", sid)
        await until(api, "select count(*) = 1 from sms where status = 'delivered'")

    assert await api.owner.fetchval("select count(*) from webhook_event where worked_at is null") == 0


async def test_it_keeps_house(api: Api) -> None:
    await api.owner.execute("insert into access_change (user_id, at) values (1, now() - interval '3 days')")

    async with working(api):
        await until(api, "select count(*) = 0 from access_change")


async def test_it_waits_for_the_database_and_stops_without_it(api: Api) -> None:
    started = time.monotonic()

    async with working(api, "postgresql://nobody@127.0.0.1:1/nowhere") as task:
        await asyncio.sleep(0.1)
        assert not task.done()

    assert time.monotonic() - started < 5


async def test_it_survives_a_database_that_cuts_its_connections(api: Api) -> None:
    _, hold = await make.holder(api)

    async with working(api):
        await until(api, "select count(*) > 1 from pg_stat_activity where datname = current_database()")
        await api.owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        await asyncio.sleep(0.1)
        await make.sms(api, hold)
        await until(api, "select count(*) = 1 from sms where status = 'sent'")
