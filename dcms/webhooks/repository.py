"""The provider's events in the database: kept first, then worked on."""

import asyncpg
import msgspec
import structlog

from dcms.database.failures import AWAY
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.problems import Problem
from dcms.webhooks.events import Event
from dcms.webhooks.requests import Signed

SQL = queries("webhooks")

SWEEP_SIZE = 500

log = structlog.get_logger()


class Kept(msgspec.Struct, frozen=True):
    """An event as it is kept."""

    webhook_event_id: int
    kind: str
    subject: str
    is_waiting: bool


class WebhookRepository:
    """Keeps events and works on them; doing either again changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, event: Event, request: Signed) -> None:
        """Keep an event, and work on it at once. Work that fails is left to the worker: the event is not lost."""
        kept = await self._database.one(
            SQL.keep,
            Kept,
            kind=event.kind,
            subject=event.subject,
            event=event.event,
            details={name: value for name, value in event.details.items() if value is not None},
            body=request.body,
            content_type=request.content_type,
            query_string=request.query,
        )
        if kept.is_waiting:
            await self._try(kept)

    async def sweep(self) -> int:
        """Work on what is still waiting: receipts whose message has come by now, and what failed before."""
        waiting = await self._database.all(SQL.waiting, Kept, limit=SWEEP_SIZE)
        return sum([await self._try(kept) for kept in waiting])

    async def _try(self, kept: Kept) -> bool:
        try:
            await self._work(kept)
        except (*AWAY, asyncpg.PostgresError, Problem) as error:
            log.warning(
                "webhook.waits", kind=kept.kind, webhook_event_id=kept.webhook_event_id, error=type(error).__name__
            )
            return False
        return True

    async def _work(self, kept: Kept) -> None:
        if kept.kind == "sms.inbound":
            await self._database.execute(SQL.receive_sms, webhook_event_id=kept.webhook_event_id)
        elif kept.kind == "sms.status":
            await self._database.execute(SQL.apply_receipt, webhook_event_id=kept.webhook_event_id)
        else:
            # a call is what all its events say together: one at a time, each with a fresh look at all of them
            async with self._database.transaction():
                await self._database.execute(SQL.lock_call, subject=kept.subject)
                await self._database.execute(SQL.fold_call, subject=kept.subject)
