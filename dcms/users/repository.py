"""Users in the database."""

import msgspec
from msgspec import UNSET

from dcms.access.permissions import TITLES, Role, permissions_of
from dcms.database.lists import Ordering, page
from dcms.database.pool import Database, on_constraint
from dcms.database.queries import queries
from dcms.users.passwords import PasswordRepository
from dcms.users.structs import NewUser, RoleTerms, User, UserChanges
from dcms.web.pages import Page, PageRequest
from dcms.web.problems import Conflict, Forbidden

SQL = queries("users")
SESSIONS_SQL = queries("sessions")

BEST_FIRST = Ordering(("rank", "user_id"))


class UserRepository:
    """Reads and writes users."""

    def __init__(self, database: Database, passwords: PasswordRepository) -> None:
        self._database = database
        self._passwords = passwords

    async def get(self, user_id: int) -> User:
        """One user."""
        return await self._database.get(SQL.get, User, user_id=user_id)

    async def lookup(self, username: str) -> User:
        """The user of a name, in any case."""
        return await self._database.one(SQL.lookup, User, username=username.lower())

    async def find(
        self, search: str | None, roles: list[Role] | None, is_active: bool | None, request: PageRequest
    ) -> Page[User]:
        """Users, those that fit a search best first."""
        return await page(
            self._database, SQL.find, User, [], BEST_FIRST, request, search=search, roles=roles, is_active=is_active
        )

    async def add(self, new: NewUser, by_admin: bool) -> User:
        """Add a user. Raises Conflict when the name is taken, Forbidden when only an admin may."""
        _check_giving(new.roles, by_admin)
        username = new.username.lower()
        has_password = new.password is not None
        password_hash = await self._passwords.hash_of_new(new.password, username) if new.password else None
        taken = Conflict("duplicate", "Another user has this name.", field="username")
        with on_constraint("dcms_user_username_unique", taken):
            return await self._database.one(
                SQL.add,
                User,
                username=username,
                display_name=new.display_name,
                roles=_in_order(new.roles),
                password_hash=password_hash,
                must_change_password=has_password if new.must_change_password is UNSET else new.must_change_password,
            )

    async def update(self, user_id: int, changes: UserChanges, by_admin: bool) -> User:
        """Change a user. Raises Conflict for the last admin and for roles that a link needs."""
        given = msgspec.to_builtins(changes)
        if changes.roles is not UNSET:
            _check_giving(changes.roles, by_admin)
            given["roles"] = _in_order(changes.roles)
        async with self._database.transaction():
            user = await self._database.one(SQL.update, User, user_id=user_id, changes=given, by_admin=by_admin)
            if "roles" in given and Role.ADMIN not in user.roles:
                # who is no admin any more acts as nobody else either
                await self._database.execute(SESSIONS_SQL.revoke_impersonations, user_id=user_id)
        return user

    async def set_active(self, user_id: int, is_active: bool, by_admin: bool) -> User:
        """Enable a user, or disable him and end his sessions. Raises Conflict for oneself and the last admin."""
        async with self._database.transaction():
            user = await self._database.one(
                SQL.set_active, User, user_id=user_id, is_active=is_active, by_admin=by_admin
            )
            if not is_active:
                # a statement of its own: it sees the sessions that logins opened until the user was locked
                await self._database.execute(SESSIONS_SQL.revoke_all, user_id=user_id, kept_session_id=None)
        return user


def role_terms() -> list[RoleTerms]:
    """Every role with what it may do, the one with the most rights first."""
    return [RoleTerms(role, TITLES[role], sorted(permissions_of(frozenset({role})))) for role in Role]


def _in_order(roles: list[Role]) -> list[Role]:
    """Roles as they are kept: each once, in the order of Role."""
    return [role for role in Role if role in roles]


def _check_giving(roles: list[Role], by_admin: bool) -> None:
    if Role.ADMIN in roles and not by_admin:
        raise Forbidden(detail="Only admins make admins.")
