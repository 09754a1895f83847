"""What an error of the database means to a client: SQLSTATE to problem, in this one place."""

import asyncpg
import msgspec

from dcms.web.problems import Conflict, Invalid, Overtaken, Problem, Refused, TimedOut, Unavailable, problem_of_code

# The server went away, refuses or doesn't answer: asyncpg and the system say so in many ways.
AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
# No single one of many is to blame for these: a part of them would fail as well, after the same wait.
FAILS_ALL = (
    *AWAY,
    Unavailable,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.InsufficientResourcesError,
    asyncpg.SyntaxOrAccessError,
)
# The transaction was undone for another's sake; the same again may go through.
RETRYABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, Overtaken)


def problem_of_failure(error: BaseException) -> Problem | None:
    """The problem a database error is answered with; None for an error that is a bug."""
    if isinstance(error, AWAY):
        return Unavailable()
    if not isinstance(error, asyncpg.PostgresError):
        return None
    sqlstate = error.sqlstate or ""
    match sqlstate:
        case _ if sqlstate.startswith("DC"):
            extra = msgspec.json.decode(error.detail or "{}")
            return problem_of_code(int(sqlstate[2:]), error.message or "", extra)
        case "23505" | "23P01":
            return Conflict("duplicate")
        case "23503":
            return Refused("unknown_reference")
        case "23514":
            return Refused("refused")
        case "40001" | "40P01":
            return Unavailable("Others were changing the same; try again.")
        case "55P03":
            return Conflict("locked")
        case "57014":
            return TimedOut()
        case _ if sqlstate.startswith("22"):
            return Invalid.of("", "holds a value that can't be stored")
        case _ if sqlstate.startswith("53"):
            return Unavailable()
    return None
