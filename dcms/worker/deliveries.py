"""Sends messages: at least once, and never twice as far as our own record and the provider's list can tell.

`sending` is committed before the provider is called. Who finds a message in it doesn't know how that ended (a killed
worker, no answer), and asks the provider before he sends it again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import msgspec
import structlog

from dcms.database.failures import AWAY
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.sms.providers.provider import NotNow, NotSent, Outgoing, Provider, Rejected, Unknown
from dcms.traces import traced
from dcms.web.problems import Problem
from dcms.worker.options import Options
from dcms.worker.outbox import Job

SQL = queries("deliveries")

RECORD_RETRY_S = 0.5

log = structlog.get_logger()


class Begun(msgspec.Struct, frozen=True):
    """A message that may go out."""

    outbox_id: int
    sms_id: int
    e164: str
    text: str
    # it was begun before, and nobody knows how that ended
    is_uncertain: bool
    sending_at: datetime | None


class Deliveries:
    """Hands messages to the provider and writes down what came of it."""

    def __init__(self, database: Database, provider: Provider, options: Options) -> None:
        self._database = database
        self._provider = provider
        self._options = options

    async def begin(self, jobs: list[Job]) -> list[Begun]:
        """The messages of one claim's jobs that may go out, marked as sending; the others are dropped or canceled."""
        return await self._database.all(
            SQL.begin,
            Begun,
            outbox_ids=[job.outbox_id for job in jobs],
            lease_token=jobs[0].lease_token,
            provider=self._provider.name,
        )

    async def deliver(self, job: Job, message: Begun, lease_ends: float) -> None:
        """Send a message that has begun. `lease_ends` is by this process's monotonic clock."""
        try:
            if message.is_uncertain:
                again = await self._ask(job, message, lease_ends)
                if again is None:
                    return
                message = again
            if lease_ends - time.monotonic() < self._options.begin_before_s:
                # this process was held up, and another may have taken over by the time of an answer
                raise NotNow("held_up")
            with traced(self._database.traces, "sms.send"):
                provider_message_id = await self._provider.send(_outgoing(message))
            if not await self._succeed(job, message, provider_message_id, lease_ends):
                raise Unknown("id_of_another")
        except NotSent as error:
            problem = error
            await self._record(lease_ends, lambda: self._not_sent(job, problem))

    async def _ask(self, job: Job, message: Begun, lease_ends: float) -> Begun | None:
        """Look for a message at the provider. None when it is there, or must not go out any more."""
        since = message.sending_at or datetime.now(UTC)
        try:
            found = await self._provider.find_sent(_outgoing(message), since)
        except NotSent as error:
            # it is as uncertain as before
            raise Unknown(error.code, error.retry_after_s) from None
        for provider_message_id in found:
            if await self._succeed(job, message, provider_message_id, lease_ends):
                log.info("sms.found", sms_id=message.sms_id)
                return None
        await self._database.execute(
            SQL.ask_again, sms_id=message.sms_id, outbox_id=job.outbox_id, lease_token=job.lease_token
        )
        begun = await self.begin([job])
        return begun[0] if begun and not begun[0].is_uncertain else None

    async def _succeed(self, job: Job, message: Begun, provider_message_id: str, lease_ends: float) -> bool:
        """Write down that the provider has it. False when the id is another message's."""

        async def write() -> bool:
            try:
                counts = await self._database.one(
                    SQL.succeed,
                    str,
                    outbox_id=job.outbox_id,
                    lease_token=job.lease_token,
                    sms_id=message.sms_id,
                    provider=self._provider.name,
                    provider_message_id=provider_message_id,
                )
            except asyncpg.UniqueViolationError:
                return False
            if counts != provider_message_id:
                log.warning("sms.sent_twice", sms_id=message.sms_id)
            return True

        return await self._record(lease_ends, write)

    async def give_up(self, job: Job, error_code: str) -> bool:
        """Let a message fail; its job stays to be seen."""
        sms_id = job.payload.get("sms_id")
        log.warning("sms.failed", sms_id=sms_id, error_code=error_code, attempts=job.attempts)
        await self._database.execute(
            SQL.give_up, outbox_id=job.outbox_id, lease_token=job.lease_token, sms_id=sms_id, error_code=error_code
        )
        return True

    async def _not_sent(self, job: Job, error: NotSent) -> bool:
        if isinstance(error, Rejected) or job.attempts >= self._options.max_attempts:
            return await self.give_up(job, error.code)
        await self._database.execute(
            SQL.put_off,
            outbox_id=job.outbox_id,
            lease_token=job.lease_token,
            sms_id=job.payload["sms_id"],
            error_code=error.code,
            delay_s=self._options.delay_s(job.attempts, error.retry_after_s),
            is_uncertain=isinstance(error, Unknown),
        )
        return True

    async def _record(self, lease_ends: float, write: Callable[[], Awaitable[bool]]) -> bool:
        """Write down what happened, also when the database is away for a while: it is known only here."""
        while True:
            try:
                return await write()
            except (*AWAY, asyncpg.PostgresError, Problem) as error:
                if time.monotonic() > lease_ends:
                    raise
                log.warning("sms.record_delayed", error=type(error).__name__)
                await asyncio.sleep(RECORD_RETRY_S)


def _outgoing(message: Begun) -> Outgoing:
    return Outgoing(message.sms_id, message.e164, message.text)
