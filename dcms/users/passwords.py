"""Users' passwords in the database."""

from dcms.access.callers import Caller
from dcms.access.passwords import PasswordHasher, temporary_password
from dcms.access.permissions import Role
from dcms.access.throttle import Throttle
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.users.structs import Credentials, User
from dcms.web.problems import Forbidden, Invalid, NotFound, Refused

SQL = queries("users")
SESSIONS_SQL = queries("sessions")


class PasswordRepository:
    """Changes, sets and resets passwords."""

    def __init__(self, database: Database, hasher: PasswordHasher, throttle: Throttle) -> None:
        self._database = database
        self._hasher = hasher
        self._throttle = throttle

    async def change(self, caller: Caller, current_password: str, new_password: str) -> None:
        """Give the caller the password he chose. Raises Forbidden when the current one is wrong, TooManyRequests."""
        found = await self._database.one(SQL.credentials, Credentials, username=None, user_id=caller.user_id)
        await self._check(new_password, found.username, "new_password")
        async with self._throttle.attempt(found.username) as attempt:
            if await self._hasher.verify(found.password_hash, current_password):
                new_hash = await self._hasher.hash(new_password)
                async with self._database.transaction():
                    if await self._database.execute(
                        SQL.change_password,
                        user_id=caller.user_id,
                        password_hash=found.password_hash,
                        new_hash=new_hash,
                    ):
                        await self._revoke_sessions(caller.user_id, kept_session_id=caller.session_id)
                        await attempt.succeeded()
                        return
            await attempt.failed()
            raise Forbidden("wrong_password")

    async def set(self, user_id: int, new_password: str, must_change_password: bool, by_admin: bool) -> User:
        """Give a user a password and end his sessions. Raises Forbidden for an admin unless an admin does it."""
        user = await self._database.first(SQL.get, User, user_id=user_id)
        await self._check(new_password, user.username if user else "", "new_password")
        if user is None:
            raise NotFound
        return await self._set(user, new_password, must_change_password, by_admin)

    async def reset(self, username: str, new_password: str | None, by_admin: bool) -> tuple[User, str | None]:
        """Give a user a password to begin with; gives the one that was made when none is given."""
        username = username.lower()
        if new_password is not None:
            await self._check(new_password, username, "new_password")
        user = await self._database.first(SQL.lookup, User, username=username)
        if user is None:
            raise Refused("unknown_reference", "There is no user of this name.", field="username")
        made = None if new_password else _temporary_password(username)
        return await self._set(user, new_password or made or "", True, by_admin), made

    async def hash_of_new(self, password: str, username: str) -> str:
        """The hash of a new user's password. Raises Invalid when it won't do."""
        await self._check(password, username, "password")
        return await self._hasher.hash(password)

    async def _set(self, user: User, new_password: str, must_change_password: bool, by_admin: bool) -> User:
        if Role.ADMIN in user.roles and not by_admin:
            raise Forbidden(detail="Only admins change admins.")
        password_hash = await self._hasher.hash(new_password)
        async with self._database.transaction():
            changed = await self._database.one(
                SQL.set_password,
                User,
                user_id=user.user_id,
                password_hash=password_hash,
                must_change_password=must_change_password,
                by_admin=by_admin,
            )
            await self._revoke_sessions(user.user_id, kept_session_id=None)
        return changed

    async def _check(self, password: str, username: str, field: str) -> None:
        fault = await self._hasher.fault(password, username)
        if fault is not None:
            raise Invalid.of(field, fault)

    async def _revoke_sessions(self, user_id: int, kept_session_id: int | None) -> None:
        # a statement of its own: it sees the sessions that logins opened until the user was locked
        await self._database.execute(SESSIONS_SQL.revoke_all, user_id=user_id, kept_session_id=kept_session_id)


def _temporary_password(username: str) -> str:
    while username in (made := temporary_password()):
        pass
    return made
