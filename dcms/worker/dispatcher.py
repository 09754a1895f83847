"""Claims jobs and has them done, several at once, until it is told to stop."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import asyncpg
import structlog

from dcms.database.failures import AWAY
from dcms.database.pool import Database
from dcms.sms.providers.provider import Provider
from dcms.web.problems import Problem
from dcms.worker.deliveries import Deliveries
from dcms.worker.options import Options
from dcms.worker.outbox import Job, Outbox
from dcms.worker.reminders import plan_reminders

FAILURES = (*AWAY, asyncpg.PostgresError, Problem)

log = structlog.get_logger()


class Dispatcher:
    """Keeps a worker busy."""

    def __init__(self, database: Database, provider: Provider, options: Options) -> None:
        self._database = database
        self._outbox = Outbox(database)
        self._deliveries = Deliveries(database, provider, options)
        self._options = options
        self._running: set[asyncio.Task[None]] = set()
        self._has_room = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop; then finish what is in flight."""
        while not stop.is_set():
            try:
                is_busy = await self.step(stop)
            except FAILURES as error:
                log.warning("worker.failed", error=type(error).__name__)
                is_busy = False
            if not is_busy:
                await self._rest(stop)
        await self.drain()

    async def step(self, stop: asyncio.Event | None = None) -> bool:
        """Claim what there is room for and begin with it. Whether there may be more at once."""
        room = self._options.concurrency - len(self._running)
        if room <= 0:
            return False
        lease_ends = time.monotonic() + self._options.lease_s
        jobs = await self._outbox.claim(room, self._options.lease_s)
        if jobs and stop is not None and stop.is_set():
            await self._outbox.release(jobs)
            return False
        await self._begin(jobs, lease_ends)
        return len(jobs) == room

    async def drain(self) -> None:
        """Wait for what is in flight, for as long as there is grace; the rest is found by its lease."""
        if self._running:
            await asyncio.wait(self._running, timeout=self._options.grace_s)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _begin(self, jobs: list[Job], lease_ends: float) -> None:
        messages, reminders = [], []
        for job in jobs:
            is_worn_out = job.attempts > self._options.max_attempts
            match job.kind:
                case "sms.send" if is_worn_out:
                    await self._deliveries.give_up(job, "too_many_attempts")
                case "sms.send":
                    messages.append(job)
                case "appointment.reminders" if not is_worn_out:
                    reminders.append(job)
                case _:
                    await self._outbox.fail(job, "too_many_attempts" if is_worn_out else "unknown_kind")
        if reminders:
            self._start(self._plan(reminders))
        if messages:
            by_id = {job.outbox_id: job for job in messages}
            for message in await self._deliveries.begin(messages):
                self._start(self._deliveries.deliver(by_id[message.outbox_id], message, lease_ends))

    async def _plan(self, jobs: list[Job]) -> None:
        await plan_reminders(self._database, jobs)
        await self._outbox.finish(jobs)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._guarded(work))
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """What fails is found again when its lease has ended."""
        try:
            await work
        except FAILURES as error:
            log.warning("worker.job_failed", error=type(error).__name__)
        except Exception as error:  # one job's bug must not stop the others
            log.error("bug", exc_info=error)

    async def _rest(self, stop: asyncio.Event) -> None:
        """Wait until told to stop, until there is room for many jobs again, or until the next look."""
        self._has_room.clear()
        waiters = [asyncio.create_task(event.wait()) for event in (stop, self._has_room)]
        await asyncio.wait(waiters, timeout=self._options.poll_s, return_when=asyncio.FIRST_COMPLETED)
        for waiter in waiters:
            waiter.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if len(self._running) == self._options.concurrency // 2:
            self._has_room.set()
