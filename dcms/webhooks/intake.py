"""Takes the provider's events in: those that come together are kept together, then worked on together."""

import asyncio
import os
import socket

import structlog

from dcms.batches import Batches
from dcms.context import Context, current_context
from dcms.database.failures import FAILS_ALL
from dcms.web.problems import Unavailable
from dcms.webhooks.repository import Delivery, Kept, WebhookRepository

# events in one statement
KEPT_AT_ONCE = 500
WORKED_AT_ONCE = 200
# events that wait to be kept; whoever comes then is asked to come again
MAX_ARRIVED = 2000
# kept events that wait for their effect in this process; the rest is left to the workers
MAX_KEPT = 10_000
# as long as no more than these wait for their effect, answers wait for it too
MAX_AWAITED = 32
STOP_PATIENCE_S = 3

log = structlog.get_logger()


class Arrival:
    """An event and the request that waits for it."""

    __slots__ = ("answer", "delivery", "kept")

    def __init__(self, delivery: Delivery) -> None:
        self.delivery = delivery
        self.answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.kept: Kept | None = None

    def succeed(self) -> None:
        """Let the request be answered."""
        if not self.answer.done():
            self.answer.set_result(None)

    def fail(self, error: Exception) -> None:
        """Let the request be answered with a problem, if anybody still waits."""
        if not self.answer.done():
            self.answer.set_exception(error)


class Intake:
    """Keeps events, answers after their commit, and works on them; under little load it answers after that."""

    def __init__(self, webhooks: WebhookRepository) -> None:
        self._webhooks = webhooks
        self._arrived: Batches[Arrival] = Batches(self._keep, KEPT_AT_ONCE)
        self._kept: Batches[Arrival] = Batches(self._work, WORKED_AT_ONCE)

    async def take(self, delivery: Delivery) -> None:
        """Keep an event and, unless many wait for theirs, see its effect. Raises Unavailable when too many come."""
        if len(self._arrived) >= MAX_ARRIVED:
            raise Unavailable("The service is busy.")
        arrival = Arrival(delivery)
        self._arrived.add([arrival])
        await arrival.answer

    async def stop(self) -> None:
        """Keep and work on what is there; what doesn't get done in time is left to the workers."""
        try:
            async with asyncio.timeout(STOP_PATIENCE_S):
                await self._arrived.settle()
                await self._kept.settle()
        except TimeoutError:
            log.warning("webhooks.left", events=len(self._kept))
            self._arrived.drop()
            self._kept.drop()

    async def _keep(self, arrivals: list[Arrival]) -> None:
        try:
            kept = await self._webhooks.keep([arrival.delivery for arrival in arrivals])
        except Exception as error:
            if len(arrivals) > 1 and not isinstance(error, FAILS_ALL):
                # the other half is kept whatever is in this one
                middle = len(arrivals) // 2
                await self._keep(arrivals[:middle])
                await self._keep(arrivals[middle:])
                return
            for arrival in arrivals:
                arrival.fail(error)
            return
        self._pass_on(arrivals, kept)

    def _pass_on(self, arrivals: list[Arrival], kept: list[Kept]) -> None:
        waiting: list[Arrival] = []
        for arrival, each in zip(arrivals, kept, strict=True):
            arrival.kept = each
            if each.is_waiting and len(self._kept) + len(waiting) < MAX_KEPT:
                waiting.append(arrival)
            else:
                arrival.succeed()
        if len(self._kept) + len(waiting) > MAX_AWAITED:
            for arrival in waiting:
                arrival.succeed()
        if waiting:
            self._kept.add(waiting)

    async def _work(self, arrivals: list[Arrival]) -> None:
        current_context.set(Context(request_id=f"webhooks-{socket.gethostname()}-{os.getpid()}"))
        try:
            await self._webhooks.work([arrival.kept for arrival in arrivals if arrival.kept is not None])
        finally:
            for arrival in arrivals:
                arrival.succeed()
