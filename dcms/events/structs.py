"""The shapes of live events."""

from datetime import datetime
from typing import Literal

import msgspec

from dcms.access.callers import Caller
from dcms.access.permissions import Permission

LiveEntity = Literal["appointment", "message", "call"]
LiveAction = Literal["create", "update", "delete"]

# what a caller must hold to GET such a record
NEEDED: dict[str, Permission] = {
    "appointment": Permission.SCHEDULE_READ,
    "message": Permission.MESSAGES_READ,
    "call": Permission.CALLS_READ,
}


class LiveData(msgspec.Struct):
    """The data of an event: what changed, and which version it has now."""

    entity: LiveEntity
    id: int
    action: LiveAction
    version: int
    at: datetime


class Change(msgspec.Struct, frozen=True):
    """One change, as the feed reads it."""

    number: int
    entity: LiveEntity
    entity_id: int
    patient_id: int | None
    action: LiveAction
    version: int
    at: datetime

    def may_be_seen_by(self, caller: Caller) -> bool:
        """Whether the caller could GET the record."""
        own = caller.own_patient_id
        return caller.may(NEEDED[self.entity]) and (own is None or self.patient_id == own)

    def encode(self) -> bytes:
        """The change as an event of the stream."""
        data = LiveData(self.entity, self.entity_id, self.action, self.version, self.at)
        return b"id: %d\nevent: %s.changed\ndata: %s\n\n" % (
            self.number,
            self.entity.encode(),
            msgspec.json.encode(data),
        )


class Position(msgspec.Struct):
    """Where a new reader begins, and whether what a returning one saw last is still kept."""

    head: int
    is_known: bool
