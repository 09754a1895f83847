"""For whom and on which terms the current task works: what statements are given without being asked."""

from contextvars import ContextVar
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import msgspec

from dcms.access.callers import Caller


class Context(msgspec.Struct):
    """A request's terms, or a command's."""

    request_id: str
    caller: Caller | None = None
    # who acts without a session: a command's user
    user_id: int | None = None
    ip: str | None = None
    user_agent: str | None = None
    # the versions of If-Match: None when any will do
    if_match: list[int] | None = None
    # how stale what it reads may be: it is read on the standby; None on the primary
    max_staleness_s: int | None = None
    # the clinic's, for checks of fields
    zone: tzinfo = UTC
    default_region: str = "DE"

    def today(self) -> date:
        """The clinic's local day."""
        return datetime.now(self.zone).date()

    def audit(self) -> dict[str, Any]:
        """Who acts, in the form that the audit trigger reads."""
        caller = self.caller
        return {
            "actor_id": caller.user_id if caller else self.user_id,
            "impersonator_id": caller and caller.impersonator_id,
            "session_id": caller and caller.session_id,
            "ip": self.ip,
            "user_agent": self.user_agent,
            "request_id": self.request_id,
        }


current_context: ContextVar[Context] = ContextVar("current_context")


def ambient(parameter: str) -> Any:
    """The value of one of the parameters that every statement may name: see AMBIENT in queries."""
    context = current_context.get()
    caller = context.caller
    match parameter:
        case "context":
            return context.audit()
        case "if_match":
            return context.if_match
        case "caller_id":
            return caller.user_id if caller else context.user_id
        case "own_patient_id":
            return caller and caller.own_patient_id
    raise KeyError(parameter)
