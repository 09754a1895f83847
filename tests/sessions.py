"""Access tokens for real processes, of sessions made behind the service."""

import time
from typing import Any

import psycopg

from dcms.access.callers import Caller
from dcms.access.permissions import Role, permissions_of
from dcms.access.tokens import Tokens
from tests.api import JWT_KEYS

LIFETIME_S = 43_200


def open_session(owner_url: str, role: str) -> tuple[str, int]:
    """A token of a new session of the demo's user of this role, and the session; whatever was done to him is mended."""
    with psycopg.connect(owner_url, autocommit=True) as session:
        row: Any = session.execute(
            """
            with acting as materialized (select acting('{"request_id": "test"}') as may),
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
            {"role": role},
        ).fetchone()
    user_id, session_id, patient_id, employee_id = row
    roles = frozenset({Role(role)})
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
    return Tokens(JWT_KEYS).sign_access(caller, now), session_id


def revoke(owner_url: str, session_id: int) -> None:
    """End a session behind the service."""
    with psycopg.connect(owner_url, autocommit=True) as session:
        session.execute(
            """
            update session set revoked_at = now()
            where session_id = %s and acting('{"request_id": "test"}')
            """,
            [session_id],
        )
