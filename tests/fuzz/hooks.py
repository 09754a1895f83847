"""Who schemathesis calls as: sessions made behind the service, a new one for each call that may end its own."""

import os
import time
from typing import Any

import psycopg
import schemathesis

from dcms.access.callers import Caller
from dcms.access.permissions import Role, permissions_of
from dcms.access.tokens import Tokens
from tests.api import JWT_KEYS

ROLE = os.environ["DCMS_FUZZ_ROLE"]
OWNER_URL = os.environ["DCMS_FUZZ_DATABASE"]
LIFETIME_S = 43_200
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
        return new_token()

    def set(self, case: schemathesis.Case[Any], data: str, context: schemathesis.AuthContext) -> None:
        """Send the token."""
        case.headers["Authorization"] = f"Bearer {data}"


def _key_of(case: schemathesis.Case[Any]) -> str:
    ends = case.operation.definition.raw.get("operationId") in ENDING
    return f"{time.monotonic_ns()}" if ends else "session"


def new_token() -> str:
    """A token of a new session; whatever calls did to the user is mended."""
    with psycopg.connect(OWNER_URL, autocommit=True) as session:
        row: Any = session.execute(
            """
            with acting as materialized (select acting('{"request_id": "fuzz"}') as may),
            mended as (
                update dcms_user
                set is_active = true, roles = array[%(role)s], must_change_password = false
                where username = %(role)s and (select may from acting)
                returning user_id
            ),
            opened as (
                insert into session (user_id, expires_at)
                select user_id, now() + interval '1 day' from mended
                returning session_id, user_id
            )
            select
                opened.user_id,
                opened.session_id,
                (select patient.patient_id from patient where patient.user_id = opened.user_id),
                (select employee.employee_id from employee where employee.user_id = opened.user_id)
            from opened
            """,
            {"role": ROLE},
        ).fetchone()
    user_id, session_id, patient_id, employee_id = row
    roles = frozenset({Role(ROLE)})
    now = time.time()
    caller = Caller(
        user_id=user_id,
        session_id=session_id,
        roles=roles,
        permissions=permissions_of(roles),
        patient_id=patient_id,
        employee_id=employee_id,
        expires_at=now + LIFETIME_S,
    )
    return Tokens(JWT_KEYS).sign_access(caller, now)
