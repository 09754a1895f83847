"""What a provider does, and the three ways in which it may not."""

from datetime import datetime
from typing import Protocol

import msgspec


class Outgoing(msgspec.Struct, frozen=True):
    """A message on its way."""

    sms_id: int
    e164: str
    text: str


class NotSent(Exception):
    """The provider did not take the message."""

    def __init__(self, code: str, retry_after_s: float = 0) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after_s = retry_after_s


class Rejected(NotSent):
    """It never will."""


class NotNow(NotSent):
    """It may, later."""


class Unknown(NotSent):
    """It may have: there was no answer, or none that says."""


class Provider(Protocol):
    """Carries messages."""

    name: str

    async def send(self, message: Outgoing) -> str:
        """Hand a message over; the provider's id of it. Raises Rejected, NotNow or Unknown."""
        ...

    async def find_sent(self, message: Outgoing, since: datetime) -> list[str]:
        """The ids of messages like this one that the provider took since then. Raises NotNow or Unknown."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
