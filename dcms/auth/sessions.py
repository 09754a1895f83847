"""Users' sessions in the database."""

from dcms.access.callers import Caller
from dcms.auth.structs import Revoked, Session
from dcms.database.lists import Ordering, page
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.settings import Settings
from dcms.web.pages import Page, PageRequest

SQL = queries("sessions")

NEWEST_FIRST = Ordering(("session_id",), descending=True)


class SessionRepository:
    """Reads, extends and ends sessions."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    async def find(self, user_id: int, caller: Caller, request: PageRequest) -> Page[Session]:
        """The live sessions of a user, newest first."""
        return await page(
            self._database,
            SQL.find,
            Session,
            [],
            NEWEST_FIRST,
            request,
            user_id=user_id,
            current_session_id=caller.session_id,
        )

    async def get(self, session_id: int, caller: Caller) -> Session:
        """One of the caller's sessions."""
        return await self._database.one(
            SQL.get, Session, session_id=session_id, user_id=caller.user_id, current_session_id=caller.session_id
        )

    async def extend(self, session_id: int, caller: Caller) -> Session:
        """Move the end of one of the caller's sessions on. Raises Conflict for one that has ended."""
        return await self._database.one(
            SQL.extend,
            Session,
            session_id=session_id,
            user_id=caller.user_id,
            current_session_id=caller.session_id,
            refresh_ttl_s=self._settings.refresh_token_ttl_s,
            session_max_s=self._settings.session_max_s,
        )

    async def revoke(self, session_id: int, caller: Caller) -> Session:
        """End one of the caller's sessions."""
        return await self._database.one(
            SQL.revoke, Session, session_id=session_id, user_id=caller.user_id, current_session_id=caller.session_id
        )

    async def revoke_all(self, user_id: int, kept_session_id: int | None = None) -> Revoked:
        """End a user's sessions but one, and those that he opened as others."""
        async with self._database.transaction():
            await self._database.first(SQL.lock_user, int, user_id=user_id)
            # a statement of its own: it sees the sessions that were opened until the user was locked
            count = await self._database.execute(SQL.revoke_all, user_id=user_id, kept_session_id=kept_session_id)
        return Revoked(count)
