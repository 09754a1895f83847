"""Logins and sessions in the database."""

import time

from dcms.access.callers import Caller
from dcms.access.passwords import PasswordHasher
from dcms.access.permissions import Role, permissions_of
from dcms.access.tokens import Tokens
from dcms.access.trail import AuditTrail, Note
from dcms.auth.structs import Credentials, Login, Me, OpenSession, TokenPair
from dcms.clinic.structs import Clinic
from dcms.context import current_context
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.settings import Settings
from dcms.users.structs import User
from dcms.web.problems import Unauthenticated

SQL = queries("auth")
CLINIC_SQL = queries("clinic")
USERS_SQL = queries("users")

# within this time a used refresh token gives the same successor again: an answer was lost, or two tabs asked
REFRESH_GRACE_S = 10
WRONG_LOGIN = "The username or the password is wrong."


class AuthRepository:
    """Opens, refreshes and ends sessions."""

    def __init__(
        self, database: Database, tokens: Tokens, hasher: PasswordHasher, trail: AuditTrail, settings: Settings
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._hasher = hasher
        self._trail = trail
        self._settings = settings

    async def login(self, login: Login, as_patient: bool) -> TokenPair:
        """Open a session. Raises Unauthenticated, the same for whatever is wrong."""
        username = login.username.lower()
        found = await self._database.first(SQL.credentials, Credentials, username=username)
        is_right = await self._hasher.verify(found.password_hash if found else None, login.password)
        context = current_context.get()
        if found is None or not is_right or not found.is_active or (Role.PATIENT in found.roles) != as_patient:
            await self._trail.write_now(
                Note(context, "login_failed", "dcms_user", found.user_id if found else None, None, None, None)
            )
            raise Unauthenticated(WRONG_LOGIN)
        session = await self._database.first(
            SQL.open_session,
            OpenSession,
            user_id=found.user_id,
            refresh_ttl_s=self._settings.refresh_token_ttl_s,
            ip=context.ip,
            user_agent=context.user_agent,
            device_name=login.device_name,
        )
        if session is None:
            raise Unauthenticated(WRONG_LOGIN)
        return await self._tokens_of(session)

    async def refresh(self, refresh_token: str) -> TokenPair:
        """Rotate a refresh token. A token used before ends its session."""
        said = self._tokens.read_refresh(refresh_token)
        session = await self._database.first(
            SQL.rotate,
            OpenSession,
            session_id=said.session_id,
            counter=said.counter,
            refresh_ttl_s=self._settings.refresh_token_ttl_s,
            session_max_s=self._settings.session_max_s,
            grace_s=REFRESH_GRACE_S,
        )
        if session is None:
            await self._database.execute(SQL.revoke_reused, session_id=said.session_id, counter=said.counter)
            raise Unauthenticated("The refresh token is not valid any more: log in again.")
        return await self._tokens_of(session)

    async def logout(self, session_id: int) -> None:
        """End a session."""
        await self._database.execute(SQL.revoke, session_id=session_id)

    async def me(self, caller: Caller) -> Me:
        """Who is logged in."""
        return Me(
            user=await self._database.one(USERS_SQL.get, User, user_id=caller.user_id),
            patient_id=caller.patient_id,
            employee_id=caller.employee_id,
            permissions=sorted(caller.permissions),
            session_id=caller.session_id,
            impersonator_id=caller.impersonator_id,
        )

    async def _tokens_of(self, session: OpenSession) -> TokenPair:
        now = time.time()
        caller = self._caller_of(session, now)
        return TokenPair(
            access_token=self._tokens.sign_access(caller, now),
            token_type="Bearer",  # noqa: S106
            expires_in=max(0, int(caller.expires_at - now)),
            refresh_token=self._tokens.sign_refresh(session.session_id, session.refresh_counter),
            refresh_expires_at=session.expires_at,
            session_id=session.session_id,
            user=session.user,
            clinic=await self._database.one(CLINIC_SQL.get, Clinic),
        )

    def _caller_of(self, session: OpenSession, now: float) -> Caller:
        roles = frozenset(Role(role) for role in session.roles)
        return Caller(
            user_id=session.user_id,
            session_id=session.session_id,
            roles=roles,
            permissions=permissions_of(roles),
            patient_id=session.patient_id,
            employee_id=session.employee_id,
            impersonator_id=session.impersonator_id,
            must_change_password=session.must_change_password,
            expires_at=min(now + self._settings.access_token_ttl_s, session.expires_at.timestamp()),
        )
