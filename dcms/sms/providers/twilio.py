"""Twilio's REST API: https://www.twilio.com/docs/messaging/api/message-resource.

It has no idempotency key. A message whose outcome is unknown is looked for in Twilio's list before it is sent again,
and its StatusCallback names our own id, so that a receipt tells too.
"""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import msgspec

from dcms.settings import Settings
from dcms.sms.providers.provider import NotNow, Outgoing, Rejected, Unknown
from dcms.web.answers import API

CONNECT_TIMEOUT_S = 5.0
ANSWER_TIMEOUT_S = 10.0
MAX_RETRY_AFTER_S = 600
# of the newest messages to a number, how many are looked through
LOOKED_THROUGH = 100
# Twilio's clock may be behind ours
CLOCK_TOLERANCE = timedelta(minutes=5)

# wrong credentials or an unknown account: not the message's fault, and somebody will put it right
SETUP_STATUSES = (401, 403, 404)


class Taken(msgspec.Struct):
    """What Twilio says of a message it took."""

    sid: str
    body: str = ""
    date_created: str = ""


class TakenPage(msgspec.Struct):
    """A page of Twilio's list."""

    messages: list[Taken]


class Fault(msgspec.Struct):
    """What Twilio says of a request it refused."""

    code: int | None = None


class TwilioProvider:
    """Sends through Twilio."""

    name = "twilio"

    def __init__(self, settings: Settings) -> None:
        account, token = settings.twilio_account_sid or "", settings.twilio_auth_token or ""
        self._sender = settings.twilio_from or ""
        self._messages = f"{settings.twilio_api_base_url.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"
        self._callback = f"{settings.public_base_url.rstrip('/')}{API}/sms/webhook/status"
        self._client = httpx.AsyncClient(
            auth=(account, token), timeout=httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S), trust_env=False
        )

    async def send(self, message: Outgoing) -> str:
        """Ask Twilio to send a message."""
        fields = {
            "To": message.e164,
            "Body": message.text,
            "StatusCallback": f"{self._callback}?sms_id={message.sms_id}",
            "MessagingServiceSid" if self._sender.startswith("MG") else "From": self._sender,
        }
        taken: Taken = await self._ask("POST", Taken, data=fields)
        return taken.sid

    async def find_sent(self, message: Outgoing, since: datetime) -> list[str]:
        """Look for a message among the newest ones to its number."""
        page = await self._ask("GET", TakenPage, params={"To": message.e164, "PageSize": LOOKED_THROUGH})
        return [
            each.sid
            for each in page.messages
            if each.body == message.text and _is_since(each.date_created, since - CLOCK_TOLERANCE)
        ]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _ask(self, method: str, wanted: Any, **options: Any) -> Any:
        try:
            answer = await self._client.request(method, self._messages, **options)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise NotNow("no_connection") from None
        except httpx.HTTPError:
            raise Unknown("no_answer") from None
        if answer.is_success:
            try:
                return msgspec.json.decode(answer.content, type=wanted)
            except msgspec.MsgspecError:
                raise Unknown("unreadable_answer") from None
        raise _refusal(answer)


def _refusal(answer: httpx.Response) -> Exception:
    status = answer.status_code
    if status == 429:
        return NotNow("http_429", _retry_after_s(answer))
    if status in SETUP_STATUSES:
        return NotNow(f"http_{status}")
    if not 400 <= status < 500 or status == 408:
        return Unknown(f"http_{status}")
    try:
        code = msgspec.json.decode(answer.content, type=Fault).code
    except msgspec.MsgspecError:
        code = None
    return Rejected(str(code) if code else f"http_{status}")


def _retry_after_s(answer: httpx.Response) -> float:
    given = answer.headers.get("retry-after", "")
    return min(int(given), MAX_RETRY_AFTER_S) if given.isascii() and given.isdigit() else 0


def _is_since(date_created: str, since: datetime) -> bool:
    try:
        return parsedate_to_datetime(date_created) >= since
    except (ValueError, TypeError):
        # better taken for ours than sent twice
        return True
