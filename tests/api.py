"""How tests speak to the service: one HTTP client for each role, and the owner's connection to look behind it."""

import time
from functools import cache
from typing import Any, Self

import asyncpg
import httpx
import msgspec
from argon2 import PasswordHasher as Argon2

from dcms.access.callers import Caller
from dcms.access.permissions import Role, permissions_of
from dcms.web.front import Front

PASSWORD = "dcms-demo-password"
JWT_KEYS = {"k1": b"k" * 32}
BASE_URL = "http://testserver/api/v1"


class Api:
    """The service under test: `api.receptionist.get("/patients")`."""

    admin: httpx.AsyncClient
    manager: httpx.AsyncClient
    doctor: httpx.AsyncClient
    assistant: httpx.AsyncClient
    receptionist: httpx.AsyncClient
    patient: httpx.AsyncClient
    anonymous: httpx.AsyncClient

    def __init__(self, app: Front, owner_url: str) -> None:
        self.app = app
        self.services = app.services
        self.owner_url = owner_url
        self.user_ids: dict[str, int] = {}
        self.session_ids: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        self.owner: asyncpg.Connection = await asyncpg.connect(self.owner_url)
        await self.owner.execute("select set_config('dcms.context', '{\"request_id\": \"test\"}', false)")
        users = await self.owner.fetch(
            """
            with users as (
                insert into dcms_user (username, display_name, roles)
                select role, initcap(role), array[role] from unnest($1::text[]) as role
                returning *
            ),
            sessions as (
                insert into session (user_id, expires_at)
                select user_id, now() + interval '1 hour' from users
                returning *
            )
            select username, user_id, session_id from users join sessions using (user_id)
            """,
            [role.value for role in Role],
        )
        for username, user_id, session_id in users:
            self.user_ids[username] = user_id
            self.session_ids[username] = session_id
            setattr(self, username, self.client(self.token(user_id, session_id, [username])))
        self.anonymous = self.client(None)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.owner.close()

    def client(
        self, token: str | None = None, *, app: Front | None = None, address: str = "127.0.0.1"
    ) -> httpx.AsyncClient:
        """A client of the whole application, or of another instance of it, in this process."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        served = self.app if app is None else app
        transport = httpx.ASGITransport(app=served, client=(address, 1234), raise_app_exceptions=True)  # type: ignore[arg-type]
        return httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers=headers)

    def token(
        self,
        user_id: int,
        session_id: int,
        roles: list[str],
        *,
        patient_id: int | None = None,
        employee_id: int | None = None,
        impersonator_id: int | None = None,
        must_change_password: bool = False,
    ) -> str:
        """An access token, as a login would give."""
        held = frozenset(Role(role) for role in roles)
        now = time.time()
        caller = Caller(
            user_id=user_id,
            session_id=session_id,
            roles=held,
            permissions=permissions_of(held),
            patient_id=patient_id,
            employee_id=employee_id,
            impersonator_id=impersonator_id,
            must_change_password=must_change_password,
            expires_at=now + 600,
        )
        return self.services.tokens.sign_access(caller, now)

    async def own_patient(self, patient_id: int) -> httpx.AsyncClient:
        """Link the patient's login to a record, and give a client that knows of it."""
        user_id = self.user_ids["patient"]
        await self.owner.execute("update patient set user_id = $1 where patient_id = $2", user_id, patient_id)
        await self.services.watch.read()
        return self.client(self.token(user_id, self.session_ids["patient"], ["patient"], patient_id=patient_id))

    async def give_password(self, username: str) -> None:
        """Let a user log in with PASSWORD."""
        await self.owner.execute(
            "update dcms_user set password_hash = $2 where username = $1", username, hash_of_password()
        )

    async def audited(self, **wanted: Any) -> list[dict[str, Any]]:
        """The entries of the audit log with these values, newest first."""
        await self.services.trail.flush()
        rows = await self.owner.fetch("select * from audit_log order by at desc, audit_id desc")
        found = [dict(row) for row in rows]
        for row in found:
            for name in ("before", "after"):
                row[name] = None if row[name] is None else msgspec.json.decode(row[name])
        return [row for row in found if all(row[name] == value for name, value in wanted.items())]


@cache
def hash_of_password() -> str:
    """The hash of PASSWORD, made once."""
    return Argon2(time_cost=2, memory_cost=19_456, parallelism=1).hash(PASSWORD)


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem of an answer, which must have this status and code and be well-formed."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body.keys() >= {"type", "title", "detail", "instance", "errors"}
    return body


def bad_fields(answer: httpx.Response) -> set[str]:
    """The fields that a 400 names."""
    return {error["field"] for error in problem(answer, 400, "invalid_request")["errors"]}
