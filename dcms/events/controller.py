"""The endpoint of live events."""

from typing import Annotated

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, QueryParameter

from dcms.access.permissions import Permission
from dcms.access.watch import Watch
from dcms.events.feed import Feed
from dcms.events.stream import EventStream, open_stream
from dcms.web.requests import ApiRequest

LAST_SEEN = "The id of the last event seen: go on after it."
LastEventId = Annotated[str | None, HeaderParameter(name="Last-Event-ID", description=LAST_SEEN)]
FromLastEventId = Annotated[
    str | None, QueryParameter(description=f"{LAST_SEEN} For clients that can't send the header.")
]


class EventController(Controller):
    """Changes for live screens."""

    path = "/events"
    tags = ("events",)

    @get("/", permission=Permission.AUTHENTICATED, produces=("text/event-stream",))
    async def listen_events(
        self,
        request: ApiRequest,
        events: NamedDependency[Feed],
        watch: NamedDependency[Watch],
        last_seen: LastEventId = None,
        last_event_id: FromLastEventId = None,
    ) -> EventStream:
        """Listen to changes of appointments, messages and calls, in one order, as Server-Sent Events.

        Only what the caller could GET is told. An event is `appointment.changed`, `message.changed` or
        `call.changed`; its data says which record has which version now. Send `Last-Event-ID` to go on where a
        connection broke: changes are kept for 24 hours. When that id is older or unknown the first event is
        `reset`: read what is shown anew. The stream ends with the session and with the access token: refresh it and
        come back.
        """
        return await open_stream(events, watch, request.caller, last_seen or last_event_id)
