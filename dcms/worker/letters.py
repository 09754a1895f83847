"""`dcms outbox`: the jobs that were given up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dcms.access.watch import ClinicFacts
from dcms.context import Context, current_context
from dcms.database.pool import Database
from dcms.worker.outbox import Outbox


async def list_failed(database_url: str) -> list[str]:
    """A line for each: what, when, how often and why, without what it was about."""
    async with _outbox(database_url) as outbox:
        return [
            f"{job.outbox_id}  {job.kind}  given up {job.failed_at:%Y-%m-%d %H:%M} after {job.attempts} attempts: "
            f"{job.error_code}"
            for job in await outbox.failed()
        ]


async def put_back(database_url: str, outbox_id: int | None) -> int:
    """Let workers try one again, or all; how many there were."""
    async with _outbox(database_url) as outbox:
        return len(await outbox.put_back(outbox_id))


@asynccontextmanager
async def _outbox(database_url: str) -> AsyncIterator[Outbox]:
    database = Database(database_url, ClinicFacts(), pool_size=1)
    token = current_context.set(Context(request_id="cli"))
    await database.open()
    try:
        yield Outbox(database)
    finally:
        current_context.reset(token)
        await database.close()
