"""The endpoints of users and roles."""

from typing import Annotated

from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter

from dcms.access.permissions import Permission, Role
from dcms.auth.sessions import SessionRepository
from dcms.auth.structs import Revoked, Session
from dcms.users.passwords import PasswordRepository
from dcms.users.repository import UserRepository, role_terms
from dcms.users.structs import NewUser, PasswordToSet, RoleTerms, User, UserChanges
from dcms.web.answers import created
from dcms.web.fields import Name, PathId
from dcms.web.pages import DEFAULT_LIMIT, Cursor, Limit, Page
from dcms.web.requests import ApiRequest

Search = Annotated[
    Name | None,
    QueryParameter(name="query", description="Parts of the username or the display name, with or without accents."),
]
SearchedName = Annotated[Name, QueryParameter(name="username", description="In any case.")]


class UserController(Controller):
    """Logins of staff and of patients."""

    path = "/users"
    tags = ("users",)

    @get("/", permission=Permission.USERS_READ)
    async def list_users(
        self,
        request: ApiRequest,
        users: NamedDependency[UserRepository],
        search: Search = None,
        role: FromQuery[list[Role] | None] = None,
        is_active: FromQuery[bool | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[User]:
        """List users by user_id; with a query those that fit best first, then by user_id, 1,000 at most."""
        return await users.find(search, role, is_active, request.page(limit, cursor))

    @post("/", permission=Permission.USERS_WRITE)
    async def add_user(
        self, request: ApiRequest, users: NamedDependency[UserRepository], data: JSONBody[NewUser]
    ) -> Response[User]:
        """Add a user. Only admins add admins."""
        user = await users.add(data, _is_admin(request))
        return created(user, f"/users/{user.user_id}")

    @get("/lookup", permission=Permission.USERS_READ, may_miss=True)
    async def lookup_user(self, users: NamedDependency[UserRepository], username: SearchedName) -> User:
        """Show the user of a name."""
        return await users.lookup(username)

    @get("/{user_id:int}", permission=Permission.USERS_READ)
    async def get_user(self, users: NamedDependency[UserRepository], user_id: PathId) -> User:
        """Show one user."""
        return await users.get(user_id)

    @patch("/{user_id:int}", permission=Permission.USERS_WRITE, changes_access=True)
    async def update_user(
        self,
        request: ApiRequest,
        users: NamedDependency[UserRepository],
        user_id: PathId,
        data: JSONBody[UserChanges],
    ) -> User:
        """Change a user's display name or roles. His sessions go on, with the new roles."""
        return await users.update(user_id, data, _is_admin(request))

    @post("/{user_id:int}/disable", permission=Permission.USERS_WRITE, changes_access=True, status_code=200)
    async def disable_user(self, request: ApiRequest, users: NamedDependency[UserRepository], user_id: PathId) -> User:
        """Shut a user out and end his sessions. Not oneself, not the last active admin."""
        return await users.set_active(user_id, False, _is_admin(request))

    @post("/{user_id:int}/enable", permission=Permission.USERS_WRITE, changes_access=True, status_code=200)
    async def enable_user(self, request: ApiRequest, users: NamedDependency[UserRepository], user_id: PathId) -> User:
        """Let a user in again."""
        return await users.set_active(user_id, True, _is_admin(request))

    @post(
        "/{user_id:int}/set_password",
        permission=Permission.USERS_WRITE,
        closed_to_impersonation=True,
        changes_access=True,
        status_code=200,
    )
    async def set_user_password(
        self,
        request: ApiRequest,
        passwords: NamedDependency[PasswordRepository],
        user_id: PathId,
        data: JSONBody[PasswordToSet],
    ) -> User:
        """Give a user a new password and end all his sessions."""
        return await passwords.set(user_id, data.new_password, data.must_change_password, _is_admin(request))

    @get("/{user_id:int}/sessions", permission=Permission.SESSIONS_ADMIN)
    async def list_user_sessions(
        self,
        request: ApiRequest,
        users: NamedDependency[UserRepository],
        sessions: NamedDependency[SessionRepository],
        user_id: PathId,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Page[Session]:
        """List a user's live sessions, newest first."""
        found = await sessions.find(user_id, request.caller, request.page(limit, cursor))
        if not found.items:
            await users.get(user_id)
        return found

    @post(
        "/{user_id:int}/sessions/revoke_all",
        permission=Permission.SESSIONS_ADMIN,
        changes_access=True,
        status_code=200,
    )
    async def revoke_user_sessions(
        self,
        users: NamedDependency[UserRepository],
        sessions: NamedDependency[SessionRepository],
        user_id: PathId,
    ) -> Revoked:
        """End all sessions of a user."""
        revoked = await sessions.revoke_all(user_id)
        if not revoked.revoked:
            await users.get(user_id)
        return revoked


class RoleController(Controller):
    """What each role may do."""

    path = "/roles"
    tags = ("users",)

    @get("/", permission=Permission.USERS_READ)
    async def list_roles(
        self, request: ApiRequest, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> Page[RoleTerms]:
        """List the roles with their permissions, staff before patients, the most rights first."""
        wanted = request.page(limit, cursor)
        terms = role_terms()
        names = [each.role for each in terms]
        start = names.index(wanted.after[0]) + 1 if wanted.after else 0
        return wanted.page(terms[start : start + limit + 1], lambda last: [last.role])


def _is_admin(request: ApiRequest) -> bool:
    return Role.ADMIN in request.caller.roles
