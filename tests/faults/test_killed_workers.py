"""Workers killed while they send, a provider that fails, receipts in any order: nothing is lost and nothing sent twice.

The normal run is short; DCMS_FAULT_MESSAGES=10000 DCMS_FAULT_KILLS=20 makes it the full one.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from dcms.paths import PROJECT_DIR
from tests.api import Api
from tests.databases import application_url
from tests.fake_twilio import FakeTwilio
from tests.sms.test_bulk_send_sms import many
from tests.webhooks import twilio as webhooks

pytestmark = pytest.mark.short

MESSAGES = int(os.environ.get("DCMS_FAULT_MESSAGES", "200"))
KILLS = int(os.environ.get("DCMS_FAULT_KILLS", "3"))
WORKERS = 3
TIMEOUT_S = 60 + MESSAGES / 8
FAULTS = ["busy", "down", "take_and_fail", "hang_up", "take_and_hang_up", "garbage", "take_late"]
# the full run is about kills, the short one about receipts as well
RECEIPTS = ["sending", "sent", "delivered"] * 3 if MESSAGES <= 1000 else ["sent", "delivered"]


class Reporting(FakeTwilio):
    """Reports on each message in any order, each report three times, sometimes before it has answered."""

    def __init__(self, api: Api, chance: random.Random) -> None:
        super().__init__(lambda number: chance.choice(FAULTS) if chance.random() < 0.1 else "take")
        self.api = api
        self.chance = chance
        self.reports: set[asyncio.Task[None]] = set()
        self.at_once = asyncio.Semaphore(6)
        self.further = asyncio.Condition()

    async def until_taken(self, messages: int) -> None:
        """Wait for so many messages."""
        async with self.further:
            await self.further.wait_for(lambda: len(self.taken) >= messages)

    async def taking(self, message: dict[str, str]) -> None:
        """Report, in one of ten cases at once."""
        async with self.further:
            self.further.notify_all()
        receipts = list(RECEIPTS)
        self.chance.shuffle(receipts)
        if self.chance.random() < 0.1:
            await self._report(message, receipts)
        else:
            task = asyncio.create_task(self._report(message, receipts))
            self.reports.add(task)
            task.add_done_callback(self.reports.discard)

    async def _report(self, message: dict[str, str], receipts: list[str]) -> None:
        for status in receipts:
            # without the query that names our own message: only the provider's id tells
            answered = 0
            # what is not acknowledged is sent again
            while answered != 204:
                async with self.at_once:
                    answered = (
                        await webhooks.post(self.api, webhooks.STATUS, MessageSid=message["sid"], MessageStatus=status)
                    ).status_code
                assert answered in (204, 503)


def start(api: Api, twilio: FakeTwilio) -> subprocess.Popen[bytes]:
    """A worker in a process of its own."""
    command = [sys.executable, "-m", "tests.faults.worker", application_url(api.owner_url), twilio.url]
    return subprocess.Popen(command, cwd=PROJECT_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def statuses(api: Api) -> Counter[str]:
    rows = await api.owner.fetch("select status, count(*) from sms group by status")
    return Counter({row["status"]: row["count"] for row in rows})


async def kill_some(workers: list[subprocess.Popen[bytes]], api: Api, twilio: Reporting) -> None:
    """Kill a worker whenever a further part of the messages was taken, and start another."""
    for kill in range(KILLS):
        await twilio.until_taken(MESSAGES * (kill + 1) // (KILLS + 2))
        victim = twilio.chance.randrange(WORKERS)
        workers[victim].kill()
        workers[victim].wait()
        workers[victim] = start(api, twilio)


async def test_workers_killed_while_sending_lose_nothing_and_send_nothing_twice(api: Api) -> None:
    chance = random.Random(5)
    patient_ids = await many(api, MESSAGES)
    answer = await api.admin.post(
        "/sms/bulk_send", json={"patient_ids": patient_ids, "text": "Hello {{patient.first_name}}"}
    )
    assert answer.status_code == 202
    async with Reporting(api, chance) as twilio:
        workers = [start(api, twilio) for _ in range(WORKERS)]
        try:
            started = time.monotonic()
            killing = asyncio.create_task(kill_some(workers, api, twilio))
            while (await statuses(api))["delivered"] < MESSAGES:
                assert time.monotonic() - started < TIMEOUT_S, await statuses(api)
                await asyncio.sleep(0.5)
            await killing
            for worker in workers:
                worker.send_signal(signal.SIGTERM)
            ends = [worker.wait(timeout=20) for worker in workers]
        finally:
            for worker in workers:
                worker.kill()
        while twilio.reports:
            await asyncio.wait(twilio.reports)

    taken = Counter(message["StatusCallback"] for message in twilio.taken)
    twice = [callback for callback, times in taken.items() if times > 1]
    sys.stdout.write(
        f"{MESSAGES} messages, {KILLS} kills, {twilio.requests} requests, {twilio.lookups} look-ups, "
        f"{len(twice)} sent twice, {time.monotonic() - started:.1f} s\n"
    )
    assert len(taken) == MESSAGES
    assert twice == []
    assert await statuses(api) == {"delivered": MESSAGES}
    assert await api.owner.fetchval("select count(*) from outbox") == 0
    assert await api.owner.fetchval("select count(*) from webhook_event where worked_at is null") == 0
    assert ends == [0] * WORKERS
