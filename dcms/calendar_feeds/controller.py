"""The endpoints of calendar feeds, and the feeds themselves."""

import hashlib
from typing import Annotated

from litestar import Controller, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter

from dcms.access.permissions import Permission
from dcms.calendar_feeds.repository import CalendarFeedRepository
from dcms.calendar_feeds.structs import AddedCalendarFeed, CalendarFeed, NewCalendarFeed
from dcms.web.answers import Answer, is_known
from dcms.web.fields import PathId
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest

MEDIA_TYPE = "text/calendar"
# it may be kept, but is asked for each time: a link that was revoked shows nothing any more
KEEPING = "private, no-cache"

CalendarFile = Annotated[str, PathParameter(description="The secret of the link, and `.ics`.")]


class CalendarFeedController(Controller):
    """Links under which calendar programs subscribe to a doctor's appointments."""

    path = "/doctors/{employee_id:int}/calendar_feeds"
    tags = ("calendar",)

    @get("/", permission=Permission.SCHEDULE_WRITE, open_to_own_employee=True)
    async def list_calendar_feeds(
        self,
        request: ApiRequest,
        calendar_feeds: NamedDependency[CalendarFeedRepository],
        employee_id: PathId,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[CalendarFeed]:
        """List the feeds of a doctor's calendar and when each was last read, oldest first."""
        return await calendar_feeds.find(employee_id, request.page(limit, cursor))

    @post("/", permission=Permission.SCHEDULE_WRITE, open_to_own_employee=True, answer_is_secret=True)
    async def add_calendar_feed(
        self,
        calendar_feeds: NamedDependency[CalendarFeedRepository],
        employee_id: PathId,
        data: JSONBody[NewCalendarFeed | None] = None,
    ) -> Response[AddedCalendarFeed]:
        """Make a link to a doctor's calendar for Google, Apple, Outlook and other calendar programs.

        `url` is shown in this answer only: a hash of it is kept, and an Idempotency-Key does not give it again. Whoever
        has it reads the feed, so an event says no more than that the time is taken; with `details` as `initials` also
        the patient's initials and the services. A calendar has 20 feeds at the most (422 `refused`).
        """
        return Answer(await calendar_feeds.add(employee_id, data or NewCalendarFeed()), status_code=201)

    @delete("/{calendar_feed_id:int}", permission=Permission.SCHEDULE_WRITE, open_to_own_employee=True)
    async def revoke_calendar_feed(
        self, calendar_feeds: NamedDependency[CalendarFeedRepository], employee_id: PathId, calendar_feed_id: PathId
    ) -> None:
        """Revoke a feed: its link answers 404 at once."""
        await calendar_feeds.revoke(employee_id, calendar_feed_id)


class CalendarFileController(Controller):
    """The feeds themselves, outside of the API's base path."""

    path = "/calendars"
    tags = ("calendar",)

    @get("/{calendar_file:str}", permission=Permission.PUBLIC, produces=(MEDIA_TYPE,), throttled=True, versioned=True)
    async def read_calendar_feed(
        self,
        request: ApiRequest,
        calendar_feeds: NamedDependency[CalendarFeedRepository],
        calendar_file: CalendarFile,
    ) -> Response[bytes]:
        """Read a doctor's appointments as iCalendar (RFC 5545), by the secret in the link.

        30 days back and 365 ahead, 5,000 at the most, without cancelled ones and no-shows. A link that was revoked, or
        whose doctor was archived or may no longer log in, is 404; many such requests from one address are 429.
        """
        body = await calendar_feeds.read(calendar_file)
        etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        headers = {"ETag": etag, "Cache-Control": KEEPING}
        if is_known(request.exchange.headers.get(b"if-none-match"), etag):
            return Response(b"", status_code=304, headers=headers, media_type=MEDIA_TYPE)
        headers |= {
            "Content-Type": f"{MEDIA_TYPE}; charset=utf-8",
            "Content-Disposition": 'inline; filename="calendar.ics"',
        }
        return Response(body, headers=headers, media_type=MEDIA_TYPE)
