"""The provider's events in the database: kept first, then worked on, many in one statement."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import asyncpg
import msgspec
import structlog

from dcms.database.failures import AWAY, FAILS_ALL
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.problems import Problem
from dcms.webhooks.events import Event
from dcms.webhooks.requests import Signed

SQL = queries("webhooks")

SWEEP_SIZE = 500

log = structlog.get_logger()


class Delivery(msgspec.Struct, frozen=True):
    """An event as a request brought it."""

    event: Event
    request: Signed
    request_id: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What the event is, whoever brings it how often."""
        return self.event.kind, self.event.subject, self.event.event


class Kept(msgspec.Struct, frozen=True):
    """An event as it is kept."""

    webhook_event_id: int
    kind: str
    subject: str
    event: str
    is_waiting: bool

    @property
    def key(self) -> tuple[str, str, str]:
        """What the event is, as of a delivery."""
        return self.kind, self.subject, self.event


class WebhookRepository:
    """Keeps events and works on them; doing either again changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, deliveries: Sequence[Delivery]) -> list[Kept]:
        """Keep what was delivered, in the order of receipt: all of it or, with an error, nothing."""
        times = Counter(delivery.key for delivery in deliveries)
        first: dict[tuple[str, str, str], Delivery] = {}
        for delivery in deliveries:
            first.setdefault(delivery.key, delivery)
        firsts = list(first.values())
        events = [each.event for each in firsts]
        kept = await self._database.all(
            SQL.keep,
            Kept,
            kinds=[event.kind for event in events],
            subjects=[event.subject for event in events],
            events=[event.event for event in events],
            details=[{name: value for name, value in event.details.items() if value is not None} for event in events],
            bodies=[each.request.body for each in firsts],
            content_types=[each.request.content_type for each in firsts],
            query_strings=[each.request.query for each in firsts],
            request_ids=[each.request_id for each in firsts],
            deliveries=[times[each.key] for each in firsts],
        )
        found = {each.key: each for each in kept}
        return [found[delivery.key] for delivery in deliveries]

    async def sweep(self) -> int:
        """Work on what is still waiting: receipts whose message has come by now, and what failed before."""
        total = 0
        while True:
            waiting = await self._database.all(SQL.waiting, Kept, limit=SWEEP_SIZE)
            worked = await self.work(waiting)
            total += worked
            if worked < SWEEP_SIZE:
                return total

    async def work(self, events: Sequence[Kept]) -> int:
        """Work on events; what fails is left to a later sweep. Gives how many it was done with."""
        kinds: dict[str, list[Kept]] = {}
        for event in events:
            kinds.setdefault(event.kind, []).append(event)
        return sum([await self._try(kind, of_kind) for kind, of_kind in kinds.items()])

    async def _try(self, kind: str, events: Sequence[Kept]) -> int:
        try:
            await self._work(kind, events)
        except (*AWAY, asyncpg.PostgresError, Problem) as error:
            if len(events) > 1 and not isinstance(error, FAILS_ALL):
                # one that can't be worked on must not hold up the others
                middle = len(events) // 2
                return await self._try(kind, events[:middle]) + await self._try(kind, events[middle:])
            log.warning(
                "webhook.waits",
                kind=kind,
                webhook_event_id=events[0].webhook_event_id,
                events=len(events),
                error=type(error).__name__,
            )
            if not isinstance(error, FAILS_ALL):
                # else the next sweep tries it
                with suppress(*AWAY, asyncpg.PostgresError):
                    await self._database.execute(SQL.postpone, webhook_event_id=events[0].webhook_event_id)
            return 0
        return len(events)

    async def _work(self, kind: str, events: Sequence[Kept]) -> None:
        ids = [event.webhook_event_id for event in events]
        if kind == "sms.inbound":
            await self._database.execute(SQL.receive_sms, webhook_event_ids=ids)
        elif kind == "sms.status":
            await self._database.execute(SQL.apply_receipts, webhook_event_ids=ids)
        else:
            # a call is what all its events say together: one at a time, each with a fresh look at all of them
            subjects = sorted({event.subject for event in events})
            async with self._database.transaction():
                await self._database.execute(SQL.lock_calls, subjects=subjects)
                await self._database.execute(SQL.fold_calls, subjects=subjects)
