"""Calendar feeds in the database."""

import hashlib
import re
import secrets
from urllib.parse import urlsplit

import msgspec

from dcms.access.throttle import Throttle, network_of
from dcms.access.trail import AuditTrail, Note
from dcms.access.watch import ClinicFacts
from dcms.calendar_feeds.ics import calendar
from dcms.calendar_feeds.structs import AddedCalendarFeed, CalendarFeed, FeedEvent, NewCalendarFeed, OpenFeed
from dcms.context import current_context
from dcms.database.lists import Ordering, page
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import NotFound

SQL = queries("calendar_feeds")
EMPLOYEES = queries("employees")

OLDEST_FIRST = Ordering(("calendar_feed_id",))
MAX_FEEDS = 20
MAX_EVENTS = 5000
TOKEN_BYTES = 32
FILE = re.compile(r"([A-Za-z0-9_-]{43})\.ics")


class CalendarFeedRepository:
    """Gives out links, takes them back and serves what is behind them."""

    def __init__(
        self, database: Database, throttle: Throttle, trail: AuditTrail, facts: ClinicFacts, public_base_url: str
    ) -> None:
        self._database = database
        self._throttle = throttle
        self._trail = trail
        self._facts = facts
        self._base_url = public_base_url.rstrip("/")
        self._host = urlsplit(public_base_url).hostname or "dcms"

    async def find(self, employee_id: int, request: PageRequest) -> Page[CalendarFeed]:
        """The feeds of an employee's calendar, oldest first."""
        await self._database.one(EMPLOYEES.version, int, employee_id=employee_id)
        return await page(self._database, SQL.find, CalendarFeed, [], OLDEST_FIRST, request, employee_id=employee_id)

    async def add(self, employee_id: int, new: NewCalendarFeed) -> AddedCalendarFeed:
        """Add a feed; of its link only a hash stays here."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        feed = await self._database.one(
            SQL.add,
            CalendarFeed,
            employee_id=employee_id,
            name=new.name,
            details=new.details,
            token_hash=hash_of(token),
            most=MAX_FEEDS,
        )
        return AddedCalendarFeed(**msgspec.structs.asdict(feed), url=f"{self._base_url}/calendars/{token}.ics")

    async def revoke(self, employee_id: int, calendar_feed_id: int) -> None:
        """Take a feed away."""
        await self._database.one(SQL.revoke, int, employee_id=employee_id, calendar_feed_id=calendar_feed_id)

    async def read(self, file: str) -> bytes:
        """The calendar behind a link. Raises NotFound, or TooManyRequests for one who goes on guessing."""
        named = FILE.fullmatch(file)
        if named is None:
            raise NotFound
        feed = await self._database.first(SQL.open, OpenFeed, token_hash=hash_of(named[1]))
        if feed is None:
            return await self._refuse()
        events = await self._database.all(
            SQL.events, FeedEvent, employee_id=feed.employee_id, details=feed.details, most=MAX_EVENTS
        )
        await self._note_reading(feed, events)
        return calendar(feed.name, str(self._facts.zone), self._host, events)

    async def _refuse(self) -> bytes:
        # only after the link was looked up: many people's programs come from one address, as Google's do, and
        # nobody may lock out the others by asking for nonsense through it
        async with self._throttle.attempt(f"calendar feed of {network_of(current_context.get().ip)}") as attempt:
            await attempt.failed()
            raise NotFound

    async def _note_reading(self, feed: OpenFeed, events: list[FeedEvent]) -> None:
        patients = sorted({event.patient_id for event in events if event.patient_id is not None})
        if patients:
            context = current_context.get()
            note = Note(context, "read", "calendar_feed", feed.calendar_feed_id, None, patients, {"ids": patients})
            await self._trail.add(note)


def hash_of(token: str) -> bytes:
    """What is kept of a link's secret."""
    return hashlib.sha256(token.encode()).digest()
