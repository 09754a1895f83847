"""Twilio's events, read into what the statements that work on them need."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from dcms.phones.numbers import normalize
from dcms.sms.encoding import measure
from dcms.web.bodies import YEARS
from dcms.web.problems import FieldError, Invalid

MAX_TEXT_LENGTH = 10_000
MAX_SECONDS = 10_000_000

OPT_OUT_WORDS = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "CANCEL"})
OPT_IN_WORDS = frozenset({"START", "UNSTOP"})

SMS_STATUSES = {
    "sending": "sending",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
}
CALL_STATUSES = {
    "queued": "ringing",
    "initiated": "ringing",
    "ringing": "ringing",
    "in-progress": "in_progress",
    "answered": "in_progress",
    "completed": "completed",
    "busy": "busy",
    "failed": "failed",
    "no-answer": "missed",
    "canceled": "missed",
}
# how Twilio spells ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE on a telephone's keys
HIDDEN_NUMBERS = frozenset({"+266696687", "+7378742833", "+2562533", "+8566696", "+86282452253"})

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_E164 = re.compile(r"\+[1-9][0-9]{3,14}")


class Event(msgspec.Struct, frozen=True):
    """One event: what it is about, which of its events it is, and what the work needs."""

    kind: str
    subject: str
    event: str
    details: dict[str, Any]


def inbound_sms(fields: Mapping[str, str], _query: Mapping[str, str]) -> Event:
    """A message that came in."""
    subject = identifier(fields, "MessageSid", "SmsSid", "SmsMessageSid")
    text = unicodedata.normalize("NFC", fields.get("Body", "").replace("\0", "")).strip()[:MAX_TEXT_LENGTH]
    size = measure(text)
    details = {
        "number": number_of(fields.get("From", "")),
        "text": text,
        "segments": max(size.segments, 1),
        "encoding": size.encoding,
        "opt_out": wants_no_messages(text),
    }
    return Event("sms.inbound", subject, "received", details)


def sms_status(fields: Mapping[str, str], query: Mapping[str, str]) -> Event:
    """A receipt for a message that we sent. The query names it too, see the provider's StatusCallback."""
    subject = identifier(fields, "MessageSid", "SmsSid")
    status = fields.get("MessageStatus") or fields.get("SmsStatus") or ""
    if not status:
        raise Invalid.of("MessageStatus", "is required")
    error_code = fields.get("ErrorCode", "")[:50]
    sms_id = query.get("sms_id", "")
    details = {
        "status": SMS_STATUSES.get(status.lower()),
        "error_code": error_code if error_code not in ("", "0") else None,
        "sms_id": int(sms_id) if re.fullmatch(r"[0-9]{1,18}", sms_id) else None,
    }
    return Event("sms.status", subject, f"{status.lower()[:50]}:{error_code}", details)


def call(fields: Mapping[str, str], _query: Mapping[str, str]) -> Event:
    """A step of a call."""
    subject = identifier(fields, "CallSid")
    status = fields.get("CallStatus", "ringing").lower()
    is_outbound = fields.get("Direction", "inbound").lower().startswith("outbound")
    seconds = fields.get("CallDuration") or ""
    details = {
        "number": number_of(fields.get("To" if is_outbound else "From", "")),
        "direction": "out" if is_outbound else "in",
        "status": CALL_STATUSES.get(status),
        "at": timestamp(fields.get("Timestamp", "")),
        "duration_s": min(int(seconds), MAX_SECONDS) if re.fullmatch(r"[0-9]{1,9}", seconds) else None,
    }
    digest = hashlib.sha256(msgspec.json.encode(sorted(fields.items()))).hexdigest()
    return Event("call", subject, f"{status[:50]}:{digest[:32]}", details)


def wants_no_messages(text: str) -> bool | None:
    """True for STOP and its like, False for START, None for anything else."""
    end = len(text)
    while end and (text[end - 1].isspace() or unicodedata.category(text[end - 1]).startswith("P")):
        end -= 1
    word = text[:end].strip().upper()
    if word in OPT_OUT_WORDS:
        return True
    return False if word in OPT_IN_WORDS else None


def identifier(fields: Mapping[str, str], *names: str) -> str:
    """The provider's id of a message or a call."""
    given = next((fields[name] for name in names if fields.get(name)), "")
    if not _IDENTIFIER.fullmatch(given):
        raise Invalid.of_fields([FieldError(names[0], "must be 1 to 64 letters, digits, - or _")])
    return given


def number_of(given: str) -> dict[str, Any] | None:
    """The columns of phone_number; None for a sender who hides, or is no phone number."""
    spelling = given.strip().replace(" ", "")
    if not _E164.fullmatch(spelling) or spelling in HIDDEN_NUMBERS:
        return None
    number = normalize(spelling, None)
    if not number.is_possible or number.e164 != spelling:
        # the provider got it from the network; it is kept as it came
        return {"e164": spelling, "national": spelling, "region": None, "type": "unknown"}
    return {"e164": number.e164, "national": number.national, "region": number.region, "type": number.type}


def timestamp(given: str) -> datetime | None:
    """A time as RFC 2822 writes it."""
    try:
        at = parsedate_to_datetime(given)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo is not None and at.year in YEARS else None
