"""The endpoints of logins and sessions."""

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from dcms.access.permissions import Permission, Role
from dcms.auth.repository import AuthRepository
from dcms.auth.sessions import SessionRepository
from dcms.auth.structs import (
    Login,
    Me,
    PasswordChange,
    PasswordReset,
    Refresh,
    ResetUser,
    Revoked,
    Session,
    TokenPair,
)
from dcms.users.passwords import PasswordRepository
from dcms.web.fields import PathId
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest


class AuthController(Controller):
    """Logins and passwords."""

    path = "/auth"
    tags = ("auth",)

    @post("/login", permission=Permission.PUBLIC, throttled=True, status_code=200)
    async def login(self, auth: NamedDependency[AuthRepository], data: JSONBody[Login]) -> TokenPair:
        """Log in as staff. Whatever is wrong, the answer is the same 401; after too many failures it is 429."""
        return await auth.login(data, as_patient=False)

    @post("/patient/login", permission=Permission.PUBLIC, throttled=True, status_code=200)
    async def login_patient(self, auth: NamedDependency[AuthRepository], data: JSONBody[Login]) -> TokenPair:
        """Log in as a patient. Whatever is wrong, the answer is the same 401; after too many failures it is 429."""
        return await auth.login(data, as_patient=True)

    @post("/refresh", permission=Permission.PUBLIC, status_code=200, changes_access=True)
    async def refresh(self, auth: NamedDependency[AuthRepository], data: JSONBody[Refresh]) -> TokenPair:
        """Exchange a refresh token for the next pair of tokens.

        Within 10 seconds the same token gives the same successor again, as long as that was not used. Any other
        use of a token that was used before ends the whole session.
        """
        return await auth.refresh(data.refresh_token)

    @get("/me", permission=Permission.AUTHENTICATED, before_password_change=True)
    async def get_me(self, request: ApiRequest, auth: NamedDependency[AuthRepository]) -> Me:
        """Show who is logged in, and what he may do."""
        return await auth.me(request.caller)

    @post(
        "/logout",
        permission=Permission.AUTHENTICATED,
        before_password_change=True,
        changes_access=True,
        status_code=204,
    )
    async def logout(self, request: ApiRequest, auth: NamedDependency[AuthRepository]) -> None:
        """End this session."""
        await auth.logout(request.caller.session_id)

    @post(
        "/impersonate/{user_id:int}",
        permission=Permission.USERS_IMPERSONATE,
        closed_to_impersonation=True,
        status_code=200,
    )
    async def impersonate(self, auth: NamedDependency[AuthRepository], user_id: PathId) -> TokenPair:
        """Act as another user for 15 minutes. The audit log names both; admins can't be impersonated."""
        return await auth.impersonate(user_id)

    @post(
        "/change_password",
        permission=Permission.AUTHENTICATED,
        throttled=True,
        before_password_change=True,
        closed_to_impersonation=True,
        changes_access=True,
        status_code=204,
    )
    async def change_password(
        self, request: ApiRequest, passwords: NamedDependency[PasswordRepository], data: JSONBody[PasswordChange]
    ) -> None:
        """Change one's own password. Ends the user's other sessions."""
        await passwords.change(request.caller, data.current_password, data.new_password)

    @post(
        "/reset_password",
        permission=Permission.USERS_WRITE,
        closed_to_impersonation=True,
        changes_access=True,
        status_code=200,
    )
    async def reset_password(
        self, request: ApiRequest, passwords: NamedDependency[PasswordRepository], data: JSONBody[PasswordReset]
    ) -> ResetUser:
        """Give a user a password to begin with, which he must change. Ends all his sessions."""
        by_admin = Role.ADMIN in request.caller.roles
        user, made = await passwords.reset(data.username, data.new_password, by_admin)
        return ResetUser(user, made)


class SessionController(Controller):
    """One's own sessions."""

    path = "/auth"
    tags = ("auth",)

    @post("/logout_all_except_current", permission=Permission.AUTHENTICATED, changes_access=True, status_code=200)
    async def logout_all_except_current(
        self, request: ApiRequest, sessions: NamedDependency[SessionRepository]
    ) -> Revoked:
        """End one's other sessions."""
        return await sessions.revoke_all(request.caller.user_id, kept_session_id=request.caller.session_id)

    @get("/sessions", permission=Permission.AUTHENTICATED)
    async def list_sessions(
        self,
        request: ApiRequest,
        sessions: NamedDependency[SessionRepository],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Session]:
        """List one's live sessions, newest first."""
        return await sessions.find(request.caller.user_id, request.caller, request.page(limit, cursor))

    @get("/sessions/{session_id:int}", permission=Permission.AUTHENTICATED)
    async def get_session(
        self, request: ApiRequest, sessions: NamedDependency[SessionRepository], session_id: PathId
    ) -> Session:
        """Show one of one's sessions, also one that has ended."""
        return await sessions.get(session_id, request.caller)

    @post(
        "/sessions/{session_id:int}/extend",
        permission=Permission.AUTHENTICATED,
        closed_to_impersonation=True,
        status_code=200,
    )
    async def extend_session(
        self, request: ApiRequest, sessions: NamedDependency[SessionRepository], session_id: PathId
    ) -> Session:
        """Move the end of a session on, as far as a session may last at the most."""
        return await sessions.extend(session_id, request.caller)

    @post(
        "/sessions/{session_id:int}/revoke",
        permission=Permission.AUTHENTICATED,
        changes_access=True,
        status_code=200,
    )
    async def revoke_session(
        self, request: ApiRequest, sessions: NamedDependency[SessionRepository], session_id: PathId
    ) -> Session:
        """End one of one's sessions."""
        return await sessions.revoke(session_id, request.caller)

    @post("/sessions/revoke_all", permission=Permission.AUTHENTICATED, changes_access=True, status_code=200)
    async def revoke_all_sessions(self, request: ApiRequest, sessions: NamedDependency[SessionRepository]) -> Revoked:
        """End all of one's sessions, this one too."""
        return await sessions.revoke_all(request.caller.user_id)
