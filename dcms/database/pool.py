"""The database: a pool of connections, and the five ways of running a statement on it."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

import asyncpg
import msgspec

from dcms.context import current_context
from dcms.database import hosts
from dcms.database.codecs import Clock, set_codecs
from dcms.database.connections import Connections
from dcms.database.queries import Query, queries
from dcms.database.sharing import SharedReading
from dcms.traces import Span, Traces
from dcms.web.problems import NotFound, Problem, Unavailable

SQL = queries("database")
T = TypeVar("T")
Connection = asyncpg.Connection

CONNECT_TIMEOUT_S = 3
ACQUIRE_TIMEOUT_S = 2
COMMAND_TIMEOUT_S = 5
IDLE_S = 60
STATEMENTS_KEPT = 1024
PLANNER_SETTINGS = {
    # it takes longer to compile these statements than to run them
    "jit": "off",
    # a page that an index leads to is in memory or on an SSD
    "random_page_cost": "1.1",
}
SERVER_SETTINGS = PLANNER_SETTINGS | {
    "application_name": "dcms",
    "timezone": "UTC",
    "statement_timeout": "5s",
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "10s",
}


# how every connection is made: with several hosts in the URL, to the one that takes writes
CONNECT_OPTIONS: dict[str, Any] = {
    "timeout": CONNECT_TIMEOUT_S,
    "command_timeout": COMMAND_TIMEOUT_S,
    "server_settings": SERVER_SETTINGS,
    "target_session_attrs": "read-write",
}

# each part of what is read; in between the reader of the answer may take his time
SNAPSHOT_TIMEOUT_S = 60
SNAPSHOT_SETTINGS = {"application_name": "dcms export"}


class Database:
    """Runs statements, each on a connection of its own or on the transaction's of the current task."""

    def __init__(self, url: str, clock: Clock, pool_size: int, traces: Traces | None = None) -> None:
        self.url = url
        self.traces = traces
        # the standby's, while there is one: see dcms/database/standby.py
        self.standby: Connections | None = None
        self._clock = clock
        self._pool_size = pool_size
        self._pool: Connections | None = None
        self._readings: dict[str, SharedReading] = {}
        self._transaction: ContextVar[Connection | None] = ContextVar("transaction", default=None)

    async def open(self) -> None:
        """Make the pool. It connects when it is first used, so a service starts before its database, too."""
        self._pool = Connections(self._connect, self._pool_size, ACQUIRE_TIMEOUT_S, IDLE_S)
        self._readings = {}

    async def close(self) -> None:
        """Close the pool, waiting shortly for statements that still run."""
        if self._pool is not None:
            await self._pool.close(COMMAND_TIMEOUT_S)

    @property
    def pool_state(self) -> tuple[int, int]:
        """How many connections there are, and how many of them are idle."""
        return (0, 0) if self._pool is None else self._pool.state

    async def get(self, query: Query, row: type[T], **ids: int) -> T:
        """The one row that ids name, in a statement with whoever asks at the same time. Raises NotFound."""
        if self._transaction.get() is not None or self.traces is not None or self._elsewhere() is not None:
            # a transaction sees what it has written, a trace its request's statements, the standby another state
            return await self.one(query, row, **ids)
        reading = self._readings.get(query.name)
        if reading is None:
            reading = self._readings[query.name] = SharedReading(query, self.records)
        record = await reading.record(query.bind(ids))
        if record is None:
            raise NotFound
        return row(*record[:-1])

    async def one(self, query: Query, row: type[T], **arguments: Any) -> T:
        """The one row of a statement. Raises NotFound when there is none."""
        found = await self.first(query, row, **arguments)
        if found is None:
            raise NotFound
        return found

    async def first(self, query: Query, row: type[T], **arguments: Any) -> T | None:
        """The first row of a statement, or None."""
        async with self.connection(query.name) as connection:
            record = await connection.fetchrow(query.text, *query.bind(arguments))
        return None if record is None else fill(row, record)

    async def all(self, query: Query, row: type[T], **arguments: Any) -> list[T]:
        """Every row of a statement."""
        records = await self.records(query.name, query.text, query.bind(arguments))
        return [fill(row, record) for record in records]

    async def execute(self, query: Query, **arguments: Any) -> int:
        """Run a statement; the number of rows it touched."""
        async with self.connection(query.name) as connection:
            status = await connection.execute(query.text, *query.bind(arguments))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def records(self, name: str, text: str, values: Sequence[Any]) -> list[asyncpg.Record]:
        """Every record of a statement; `lists` puts some together."""
        async with self.connection(name) as connection:
            records: list[asyncpg.Record] = await connection.fetch(text, *values)
        return records

    @asynccontextmanager
    async def transaction(self, isolation: Any = None) -> AsyncIterator[Connection]:
        """Run the statements of this task in one transaction; inside another one, as a part of it.

        Error paths raise: what is returned normally is committed.
        """
        running = self._transaction.get()
        if running is not None:
            yield running
            return
        async with self.connection("transaction") as connection, connection.transaction(isolation=isolation):
            token = self._transaction.set(connection)
            try:
                yield connection
            finally:
                self._transaction.reset(token)

    @asynccontextmanager
    async def rehearsal(self) -> AsyncIterator[None]:
        """Run the statements of this task, and undo them at the end."""
        async with self.transaction() as connection:
            savepoint = connection.transaction()
            await savepoint.start()
            # an error undoes the whole transaction anyway
            yield
            await savepoint.rollback()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection of its own that reads one state of the database, for what outlasts a request."""
        connection = await hosts.connect(
            self.url,
            **CONNECT_OPTIONS
            | {
                "command_timeout": SNAPSHOT_TIMEOUT_S,
                "server_settings": SERVER_SETTINGS | SNAPSHOT_SETTINGS,
            },
        )
        try:
            await self._prepare(connection)
            await connection.transaction(isolation="repeatable_read", readonly=True).start()
            # not as a setting of the connection: a pooler in between has its own
            await connection.execute(SQL.lengthen.text, *SQL.lengthen.bind({"timeout": f"{SNAPSHOT_TIMEOUT_S}s"}))
            yield connection
        finally:
            # there is nothing to commit, and whoever is cancelled can't wait
            connection.terminate()

    def connection(self, name: str) -> "Lease":
        """The transaction's connection of the current task, else one from the pool, for an `async with`.

        Traces know it by what it is used for.
        """
        if self._pool is None:
            raise Unavailable
        span = None if self.traces is None else self.traces.begin(name)
        return Lease(self._elsewhere() or self._pool, self._transaction.get(), span)

    def _elsewhere(self) -> Connections | None:
        """The standby's connections, when the current task works for a request that reads there."""
        if self.standby is None:
            return None
        context = current_context.get(None)
        return None if context is None or context.max_staleness_s is None else self.standby

    async def _connect(self) -> Connection:
        connection = await hosts.connect(self.url, statement_cache_size=STATEMENTS_KEPT, **CONNECT_OPTIONS)
        await self._prepare(connection)
        return connection

    async def _prepare(self, connection: Connection) -> None:
        await set_codecs(connection, self._clock)


class Lease:
    """A connection for a while.

    It is given back as it is: nothing but transaction-local state is ever set on a connection (see acting() in the
    first migration), so there is nothing to reset, which would be one more round trip a request.
    """

    __slots__ = ("_connection", "_is_mine", "_pool", "_span")

    def __init__(self, pool: Connections, running: Connection | None, span: Span | None) -> None:
        self._pool = pool
        self._span = span
        self._connection = running
        self._is_mine = running is None

    async def __aenter__(self) -> Connection:
        """Give the connection. Raises Unavailable when none gets free in time."""
        if self._connection is None:
            try:
                self._connection = await self._pool.take()
            except BaseException as error:
                if self._span is not None:
                    self._span.end(error)
                if isinstance(error, TimeoutError):
                    raise Unavailable("The service is busy.") from None
                raise
        return self._connection

    async def __aexit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        """Give the connection back, or drop it when nobody knows what became of its statement."""
        if self._span is not None:
            self._span.end(error)
        if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
            # the server became a standby: the next connection is made to whoever takes writes now
            self._pool.renew()
        if self._connection is None or not self._is_mine:
            return
        if isinstance(error, TimeoutError | asyncio.CancelledError):
            self._pool.drop(self._connection)
        else:
            self._pool.give_back(self._connection)


def fill(row: type[T], record: asyncpg.Record) -> T:
    """Make a struct of a record's columns by position, or take the only column of a plain type.

    A test prepares every statement and checks that its columns are its struct's fields in order.
    """
    if issubclass(row, msgspec.Struct):
        return row(*record)
    return cast(T, record[0])


@contextmanager
def on_constraint(name: str, problem: Problem) -> Iterator[None]:
    """Answer with this problem when the constraint refuses the statement inside."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        if error.constraint_name == name:
            # the problem may be a constant: without this it would keep the frames of every raising
            raise problem.with_traceback(None) from None
        raise
