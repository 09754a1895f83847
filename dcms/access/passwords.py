"""Passwords: argon2id beside the event loop, bounded, and a policy without composition rules."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from argon2 import PasswordHasher as Argon2
from argon2.exceptions import InvalidHashError, VerificationError

from dcms.web.problems import Unavailable

T = TypeVar("T")

MIN_LENGTH = 12
MAX_LENGTH = 128
MIN_SCORE = 3
# zxcvbn's time grows with the length; what it says of the first 72 characters is enough
SCORED_LENGTH = 72
HASHING_THREADS = 2
# so many that the last one waits for about a second
MAX_HASHING = 50
MAX_SCORING = 20

# temporary passwords are read aloud and typed in: nothing that looks like something else
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class PasswordHasher:
    """Hashes, verifies and judges passwords on threads of its own; past a bounded queue answers 503."""

    def __init__(self) -> None:
        # OWASP's parameters for argon2id
        self._argon2 = Argon2(time_cost=2, memory_cost=19_456, parallelism=1)
        self._hashing = Line("hashing", HASHING_THREADS, MAX_HASHING)
        # apart from the hashing: zxcvbn takes seconds for passwords made to keep it busy
        self._scoring = Line("scoring", 1, MAX_SCORING)
        # verified for unknown users, so that they take the same work
        self._nobody = self._argon2.hash("a password that nobody has")
        # how many passwords were verified, whoever's
        self.work = 0

    async def hash(self, password: str) -> str:
        """The argon2id hash of a password."""
        return await self._hashing.run(partial(self._argon2.hash, password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the one of the hash; None takes the same work and is False."""
        self.work += 1
        is_right = await self._hashing.run(partial(self._verify, password_hash or self._nobody, password))
        return is_right and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the parameters have changed since the hash was made."""
        return self._argon2.check_needs_rehash(password_hash)

    async def fault(self, password: str, username: str) -> str | None:
        """What is wrong with a new password, in words; None when it will do."""
        if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
            return f"must have {MIN_LENGTH} to {MAX_LENGTH} characters"
        if len(username) >= 3 and username.lower() in password.lower():
            return "must not contain the username"
        if await self._scoring.run(partial(_score, password)) < MIN_SCORE:
            return "is too easy to guess: use several unrelated words, or a password manager"
        return None

    def close(self) -> None:
        """End the threads."""
        self._hashing.close()
        self._scoring.close()

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False


class Line:
    """Threads with a bounded queue before them."""

    def __init__(self, name: str, threads: int, capacity: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._capacity = capacity
        self._inside = 0

    async def run(self, work: "partial[T]") -> T:
        """Do some work on a thread. Raises Unavailable when too much is waiting."""
        if self._inside >= self._capacity:
            raise Unavailable("Too many passwords at once.")
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._inside -= 1

    def close(self) -> None:
        """End the threads."""
        self._executor.shutdown(wait=False, cancel_futures=True)


def temporary_password() -> str:
    """A password for somebody to begin with: 79 bits in four groups."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def _score(password: str) -> int:
    # its dictionaries are 13 MiB, which most processes never need
    from zxcvbn import zxcvbn

    score: int = zxcvbn(password[:SCORED_LENGTH])["score"]
    return score
