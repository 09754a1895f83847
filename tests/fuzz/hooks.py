"""Who schemathesis calls as: sessions made behind the service, a new one for each call that may end its own."""

import os
import time
from typing import Any

import schemathesis

from tests.sessions import open_session

ROLE = os.environ["DCMS_FUZZ_ROLE"]
OWNER_URL = os.environ["DCMS_FUZZ_DATABASE"]
# a session of many calls is left for a new one, in case a call about users ended it
REFRESH_S = 5
ENDING = frozenset(
    {
        "logout",
        "logout_all_except_current",
        "revoke_session",
        "revoke_all_sessions",
        "revoke_user_sessions",
        "change_password",
        "reset_password",
        "set_user_password",
        "refresh",
    }
)


@schemathesis.auth(refresh_interval=REFRESH_S, cache_by_key=lambda case, _: _key_of(case))
class Sessions:
    """A token of the role's user of the demo."""

    def get(self, case: schemathesis.Case[Any], context: schemathesis.AuthContext) -> str:
        """Make a session."""
        return open_session(OWNER_URL, ROLE)[0]

    def set(self, case: schemathesis.Case[Any], data: str, context: schemathesis.AuthContext) -> None:
        """Send the token."""
        case.headers["Authorization"] = f"Bearer {data}"


def _key_of(case: schemathesis.Case[Any]) -> str:
    ends = case.operation.definition.raw.get("operationId") in ENDING
    return f"{time.monotonic_ns()}" if ends else "session"
