"""The throttle of passwords: how often an account or an address may fail. Kept in the database, for all processes.

Each attempt is reserved before its password is hashed, so many at once can't all pass. A process runs a few
at a time and lets the others wait in line; past a bounded line, or a bounded time in it, it answers 503.
"""

import asyncio
import contextlib
import hmac
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address

import asyncpg
import msgspec

from dcms.context import current_context
from dcms.database.failures import AWAY
from dcms.database.pool import Database
from dcms.database.queries import queries
from dcms.web.problems import Problem, TooManyRequests, Unavailable

SQL = queries("access")

RUNNING = 8
MAX_WAITING = 100
# how long an attempt waits in line, and for attempts of the same account or address in other processes
PATIENCE_S = 2.0
PAUSE_S = 0.05
# an IPv6 customer has a /64 to himself
IPV6_PREFIX = 64


class Reservation(msgspec.Struct):
    """What the database says to an attempt: go on, come later, or (both None) wait for those that run."""

    login_attempt_id: int | None
    retry_after_s: int | None


class Attempt:
    """One check of a password. Neither failed nor succeeded, it counts for nothing."""

    def __init__(self, database: Database, attempt_id: int, account: bytes, address: str) -> None:
        self._database = database
        self._id = attempt_id
        self._account = account
        self._address = address
        self.is_settled = False

    async def failed(self) -> None:
        """The password was wrong."""
        await self._database.execute(SQL.fail_attempt, login_attempt_id=self._id)
        self.is_settled = True

    async def succeeded(self) -> None:
        """The password was right: the failures of this account from this address are forgotten."""
        await self._database.execute(
            SQL.clear_attempts, login_attempt_id=self._id, account=self._account, address=self._address
        )
        self.is_settled = True

    async def withdraw(self) -> None:
        """It came to nothing, as the database or the queue failed."""
        with contextlib.suppress(*AWAY, asyncpg.PostgresError, Problem):
            await self._database.execute(SQL.withdraw_attempt, login_attempt_id=self._id)


class Throttle:
    """Lets attempts begin."""

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key
        self._slots = asyncio.Semaphore(RUNNING)
        self._waiting = 0

    @asynccontextmanager
    async def attempt(self, username: str) -> AsyncIterator[Attempt]:
        """An attempt on an account from the request's address. Raises TooManyRequests, Unavailable."""
        account = hmac.digest(self._key, username.lower().encode(), "sha256")
        address = network_of(current_context.get().ip)
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        async with self._slot(deadline):
            attempt = Attempt(self._database, await self._reserve(account, address, deadline), account, address)
            try:
                yield attempt
            except Exception:
                if not attempt.is_settled:
                    await attempt.withdraw()
                raise

    @asynccontextmanager
    async def _slot(self, deadline: float) -> AsyncIterator[None]:
        if self._waiting >= MAX_WAITING:
            raise Unavailable("Too many logins at once.")
        self._waiting += 1
        try:
            async with asyncio.timeout_at(deadline):
                await self._slots.acquire()
        except TimeoutError:
            raise Unavailable("Too many logins at once.") from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._slots.release()

    async def _reserve(self, account: bytes, address: str, deadline: float) -> int:
        loop = asyncio.get_running_loop()
        while True:
            answer = await self._database.one(SQL.reserve_attempt, Reservation, account=account, address=address)
            if answer.login_attempt_id is not None:
                return answer.login_attempt_id
            if answer.retry_after_s is not None:
                raise TooManyRequests(answer.retry_after_s)
            if loop.time() > deadline:
                raise TooManyRequests(1)
            await asyncio.sleep(random.uniform(PAUSE_S, 2 * PAUSE_S))  # noqa: S311


def network_of(address: str | None) -> str:
    """What counts as one address: an IPv4 address, or the /64 of an IPv6 one."""
    parsed = ip_address(address or "0.0.0.0")  # noqa: S104
    return str(parsed) if parsed.version == 4 else f"{parsed}/{IPV6_PREFIX}"
