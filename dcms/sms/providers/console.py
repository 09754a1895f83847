"""The default provider: nothing leaves the machine, a line in the log says what would have."""

import uuid
from datetime import datetime

import structlog

from dcms.sms.providers.provider import Outgoing

log = structlog.get_logger()


class ConsoleProvider:
    """Writes to the log that a message was sent, not what or to whom: logs hold no patients' data."""

    name = "console"

    async def send(self, message: Outgoing) -> str:
        """Write a line."""
        provider_message_id = f"SM{uuid.uuid4().hex}"
        log.info("sms.console", sms_id=message.sms_id, provider_message_id=provider_message_id)
        return provider_message_id

    async def find_sent(self, _message: Outgoing, _since: datetime) -> list[str]:
        """Nobody has it: it can be written again."""
        return []

    async def close(self) -> None:
        """There is nothing to let go of."""
