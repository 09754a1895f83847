"""What lives as long as the process: pools, tokens, watch, audit trail, live feed, intake, measures, traces, hasher."""

import asyncio
import signal
from collections.abc import Callable
from types import FrameType
from typing import Any

from dcms.access.authenticator import Authenticator
from dcms.access.passwords import PasswordHasher
from dcms.access.throttle import Throttle
from dcms.access.tokens import Tokens
from dcms.access.trail import AuditTrail
from dcms.access.watch import ClinicFacts, Watch
from dcms.database.pool import Database
from dcms.database.standby import standby_of
from dcms.events.feed import Feed
from dcms.measures import Measures
from dcms.settings import Settings
from dcms.traces import traces_of
from dcms.web.admission import PLACES_PER_CONNECTION, Admission
from dcms.webhooks.intake import Intake
from dcms.webhooks.repository import WebhookRepository


class Services:
    """What lives as long as the process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.facts = ClinicFacts()
        self.traces = traces_of(settings, "serve")
        self.database = Database(settings.database_url, self.facts, settings.pool_size, self.traces)
        self.standby = standby_of(settings, self.database, self.facts)
        self.tokens = Tokens(settings.jwt_keys)
        self.watch = Watch(settings.database_url, self.database, self.facts, settings.access_token_ttl_s)
        self.trail = AuditTrail(self.database)
        self.feed = Feed(self.database)
        self.intake = Intake(WebhookRepository(self.database))
        self.admission = Admission(PLACES_PER_CONNECTION * settings.pool_size)
        self.measures = Measures(self.database, self.watch, self.admission, self.standby)
        self.hasher = PasswordHasher()
        self.throttle = Throttle(self.database, self.tokens.derive_key(b"accounts"))
        self.authenticator = Authenticator(self.tokens, self.watch)

    def use_database(self, url: str) -> None:
        """Work on another database from the next start on; tests give each their own."""
        self.database.url = url
        self.watch.url = url

    async def start(self) -> None:
        """Open the database and begin the background tasks."""
        await self.database.open()
        if self.standby is not None:
            await self.standby.start()
        await self.watch.start()
        await self.trail.start()
        self.feed.open()
        await self.measures.start()

    async def stop(self) -> None:
        """End the background tasks and close the database."""
        await self.feed.close()
        await self.intake.stop()
        await self.measures.stop()
        await self.trail.stop()
        await self.watch.stop()
        if self.standby is not None:
            await self.standby.stop()
        await self.database.close()
        if self.traces is not None:
            await self.traces.close()


def hear_stop_signals(callback: Callable[[], None]) -> None:
    """Call back when the process is told to stop, beside what its server does then.

    The server sets its own handlers after the application has started, and tells the application only when all
    requests have ended, which streams never do by themselves.
    """
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, _beside(signal.getsignal(signum), lambda: loop.call_soon_threadsafe(callback)))


def _beside(former: Any, callback: Callable[[], object]) -> Callable[[int, FrameType | None], None]:
    def handle(signum: int, frame: FrameType | None) -> None:
        callback()
        if callable(former):
            former(signum, frame)

    return handle
