"""The worker's process: works until it is told to stop."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable

import structlog

from dcms.access.watch import ClinicFacts
from dcms.context import Context, current_context
from dcms.database.pool import Database
from dcms.settings import Settings
from dcms.sms.providers import provider_of
from dcms.traces import traces_of
from dcms.webhooks.repository import WebhookRepository
from dcms.worker.dispatcher import FAILURES, Dispatcher
from dcms.worker.housekeeping import keep_house, seal_audit_log
from dcms.worker.options import Options

RECONNECT_S = 1.0

log = structlog.get_logger()


def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; what is in flight is finished first."""
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run_worker(settings, stop)


async def run_worker(settings: Settings, stop: asyncio.Event, options: Options | None = None) -> None:
    """Send messages, plan reminders, finish what webhooks left over and keep house until `stop` is set.

    Any number of workers may run at once.
    """
    options = options or Options()
    current_context.set(Context(request_id=f"worker-{socket.gethostname()}-{os.getpid()}"))
    traces = traces_of(settings, "worker")
    database = Database(settings.database_url, ClinicFacts(), settings.pool_size, traces)
    provider = provider_of(settings)
    try:
        if not await _open(database, stop):
            return
        webhooks = WebhookRepository(database)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(Dispatcher(database, provider, options).run(stop))
            tasks.create_task(_repeat(webhooks.sweep, options.sweep_s, stop))
            tasks.create_task(_repeat(lambda: seal_audit_log(database), options.sealing_s, stop))
            tasks.create_task(
                _repeat(lambda: keep_house(database, settings.access_token_ttl_s), options.housekeeping_s, stop)
            )
    finally:
        await provider.close()
        await database.close()
        if traces is not None:
            await traces.close()


async def _open(database: Database, stop: asyncio.Event) -> bool:
    """Wait for the database to be there. False when told to stop before."""
    while not stop.is_set():
        try:
            await database.open()
        except FAILURES as error:
            log.warning("worker.no_database", error=type(error).__name__)
            await _pause(RECONNECT_S, stop)
        else:
            return True
    return False


async def _repeat(step: Callable[[], Awaitable[object]], interval_s: float, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await step()
        except FAILURES as error:
            log.warning("worker.failed", error=type(error).__name__)
        await _pause(interval_s, stop)


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    waiter = asyncio.create_task(stop.wait())
    await asyncio.wait([waiter], timeout=seconds)
    waiter.cancel()
