"""Logins in the database."""

import time

from dcms.access.callers import Caller
from dcms.access.passwords import PasswordHasher
from dcms.access.permissions import Role, permissions_of
from dcms.access.throttle import Throttle
from dcms.access.tokens import IMPERSONATION_S, Tokens
from dcms.access.trail import AuditTrail, Note
from dcms.auth.structs import Login, Me, OpenSession, TokenPair
from dcms.clinic.structs import Clinic
from dcms.context import current_context
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.settings import Settings
from dcms.users.structs import Credentials
from dcms.web.problems import NotFound, Unauthenticated

SQL = queries("auth")
CLINIC_SQL = queries("clinic")
USERS_SQL = queries("users")

# within this time a used refresh token gives the same successor again: an answer was lost, or two tabs asked
REFRESH_GRACE_S = 10
WRONG_LOGIN = "The username or the password is wrong."


class AuthRepository:
    """Opens, refreshes and ends sessions."""

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        hasher: PasswordHasher,
        throttle: Throttle,
        trail: AuditTrail,
        settings: Settings,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._hasher = hasher
        self._throttle = throttle
        self._trail = trail
        self._settings = settings

    async def login(self, login: Login, as_patient: bool) -> TokenPair:
        """Open a session. Raises Unauthenticated, the same for whatever is wrong, and TooManyRequests."""
        username = login.username.lower()
        async with self._throttle.attempt(username) as attempt:
            found = await self._database.first(USERS_SQL.credentials, Credentials, username=username, user_id=None)
            is_right = await self._hasher.verify(found.password_hash if found else None, login.password)
            is_welcome = found is not None and found.is_active and (Role.PATIENT in found.roles) == as_patient
            if found is not None and is_right and is_welcome:
                new_hash = await self._renewed_hash(found, login.password)
                async with self._database.transaction():
                    session_id = await self._open(found, login, as_patient, new_hash)
                    if session_id is not None:
                        await attempt.succeeded()
                if session_id is not None:
                    return await self._pair(session_id, counter=0)
            await attempt.failed()
            user_id = found.user_id if found else None
            await self._trail.write_now(
                Note(current_context.get(), "login_failed", "dcms_user", user_id, None, None, None, actor_id=user_id)
            )
            raise Unauthenticated(WRONG_LOGIN)

    async def refresh(self, refresh_token: str) -> TokenPair:
        """Rotate a refresh token. A token used before ends its session."""
        said = self._tokens.read_refresh(refresh_token)
        session_id = await self._database.first(
            SQL.rotate,
            int,
            session_id=said.session_id,
            counter=said.counter,
            refresh_ttl_s=self._settings.refresh_token_ttl_s,
            session_max_s=self._settings.session_max_s,
            grace_s=REFRESH_GRACE_S,
        )
        if session_id is None:
            await self._database.execute(SQL.revoke_reused, session_id=said.session_id, counter=said.counter)
            raise Unauthenticated("The refresh token is not valid any more: log in again.")
        return await self._pair(session_id, said.counter + 1)

    async def impersonate(self, user_id: int) -> TokenPair:
        """Open a short session as another user. Raises NotFound, Forbidden for an admin, Refused when disabled."""
        context = current_context.get()
        session_id = await self._database.first(
            SQL.impersonate,
            int,
            user_id=user_id,
            lifetime_s=IMPERSONATION_S,
            ip=context.ip,
            user_agent=context.user_agent,
        )
        if session_id is None:
            raise NotFound
        return await self._pair(session_id, counter=None)

    async def logout(self, session_id: int) -> None:
        """End a session."""
        await self._database.execute(SQL.revoke, session_id=session_id)

    async def me(self, caller: Caller) -> Me:
        """Who is logged in, as the database has him now."""
        session = await self._database.one(SQL.session, OpenSession, session_id=caller.session_id)
        return Me(
            user=session.user,
            patient_id=session.patient_id,
            employee_id=session.employee_id,
            permissions=sorted(permissions_of(frozenset(session.roles))),
            session_id=session.session_id,
            impersonator_id=session.impersonator_id,
        )

    async def _renewed_hash(self, found: Credentials, password: str) -> str | None:
        """A new hash of a password whose hash was made with other parameters."""
        if found.password_hash is not None and self._hasher.is_outdated(found.password_hash):
            return await self._hasher.hash(password)
        return None

    async def _open(self, found: Credentials, login: Login, as_patient: bool, new_hash: str | None) -> int | None:
        context = current_context.get()
        return await self._database.first(
            SQL.open_session,
            int,
            user_id=found.user_id,
            password_hash=found.password_hash,
            new_hash=new_hash,
            as_patient=as_patient,
            refresh_ttl_s=self._settings.refresh_token_ttl_s,
            session_max_s=self._settings.session_max_s,
            ip=context.ip,
            user_agent=context.user_agent,
            device_name=login.device_name,
        )

    async def _pair(self, session_id: int, counter: int | None) -> TokenPair:
        """The tokens of a session; without a counter no refresh token."""
        session = await self._database.one(SQL.session, OpenSession, session_id=session_id)
        now = time.time()
        caller = self._caller_of(session, now)
        # whose request this was is known from here on, for the log
        context = current_context.get()
        context.caller = context.caller or caller
        return TokenPair(
            access_token=self._tokens.sign_access(caller, now),
            token_type="Bearer",  # noqa: S106
            expires_in=max(0, round(caller.expires_at - now)),
            refresh_token=None if counter is None else self._tokens.sign_refresh(session_id, counter),
            refresh_expires_at=None if counter is None else session.expires_at,
            session_id=session_id,
            user=session.user,
            clinic=await self._database.one(CLINIC_SQL.get, Clinic),
        )

    def _caller_of(self, session: OpenSession, now: float) -> Caller:
        roles = frozenset(Role(role) for role in session.roles)
        is_impersonated = session.impersonator_id is not None
        lifetime_s = IMPERSONATION_S if is_impersonated else self._settings.access_token_ttl_s
        return Caller(
            user_id=session.user_id,
            session_id=session.session_id,
            roles=roles,
            permissions=permissions_of(roles),
            patient_id=session.patient_id,
            employee_id=session.employee_id,
            impersonator_id=session.impersonator_id,
            must_change_password=session.must_change_password,
            expires_at=min(now + lifetime_s, session.expires_at.timestamp()),
        )
