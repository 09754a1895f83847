"""Brings a database's schema up to date with the files in migrations/, or back, safely from any number of replicas.

yoyo's own tables (`_yoyo_migration`, `_yoyo_log`, `_yoyo_version`) lie in the schema `public` and belong to the owner.
"""

from __future__ import annotations

import glob
import io
import logging
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import psycopg.conninfo
from yoyo import read_migrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI
from yoyo.migrations import Migration, default_migration_table

from dcms.paths import MIGRATIONS_DIR

_LOCK_KEY = 0x64636D73  # "dcms"; other programs in the same database must not lock this number
_LOCK_POLL_S = 0.1
_LOCK_WAIT_NOTICE_S = 5
_CONNECT_TIMEOUT_S = 10

_log = logging.getLogger(__name__)


def migrate(owner_url: str, migrations_dir: Path = MIGRATIONS_DIR) -> list[str]:
    """Apply what is pending, each file in one transaction, and name what was applied."""
    with _locked(owner_url) as backend:
        done = set(backend.get_applied_migration_hashes())
        pending = [migration for migration in _read(migrations_dir) if migration.hash not in done]
        for migration in pending:
            backend.run(migration, "apply")
        return [migration.id for migration in pending]


def rollback(owner_url: str, count: int = 1, migrations_dir: Path = MIGRATIONS_DIR) -> list[str]:
    """Take back the newest `count` of the applied migrations and name them, the newest first."""
    with _locked(owner_url) as backend:
        done = set(backend.get_applied_migration_hashes())
        applied = [migration for migration in _read(migrations_dir) if migration.hash in done]
        undone = applied[::-1][:count]
        for migration in undone:
            backend.run(migration, "rollback")
        return [migration.id for migration in undone]


def status(owner_url: str, migrations_dir: Path = MIGRATIONS_DIR) -> tuple[list[str], list[str]]:
    """Name the migrations that are applied and those that are pending, without changing or waiting for anything."""
    with psycopg.connect(_conninfo(owner_url), autocommit=True) as connection:
        known = connection.execute("select to_regclass(%s)", [default_migration_table]).fetchone()
        rows = (
            connection.execute(f"select migration_id from {default_migration_table}").fetchall()  # noqa: S608
            if known and known[0] is not None
            else []
        )
    applied = {row[0] for row in rows}
    ids = [migration.id for migration in _read(migrations_dir)]
    return [id_ for id_ in ids if id_ in applied], [id_ for id_ in ids if id_ not in applied]


class _Backend(PostgresqlPsycopgBackend):  # type: ignore[misc]
    """yoyo on one session that is given to it, and which holds the lock as well.

    yoyo by itself applies a migration, then records it in a second transaction of another session, and locks by a row:
    a kill in between leaves an applied migration that isn't recorded, or a lock that nobody holds. Here the record is
    part of the migration's own transaction, and the lock ends with the session, but not before its last statement.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._given = connection
        super().__init__(DatabaseURI("postgresql+psycopg", None, None, None, None, None, {}), default_migration_table)

    def connect(self, dburi: DatabaseURI) -> psycopg.Connection[Any]:
        return self._given  # yoyo's own URL parser knows neither several hosts nor libpq's other forms

    def run(self, migration: Migration, direction: str) -> None:
        migration.load()
        # A file that begins with `-- transactional: false`, for `create index concurrently`, does without.
        with self.transaction() if migration.use_transactions else nullcontext():
            with redirect_stdout(io.StringIO()):  # yoyo prints the rows of every select
                migration.process_steps(self, direction)
            self.log_migration(migration, direction)
            if direction == "apply":
                self.mark_one(migration, log=False)
            else:
                self.unmark_one(migration, log=False)
        _log.info("%s: %s", "applied" if direction == "apply" else "rolled back", migration.id)

    @contextmanager
    def lock(self, timeout: float = 0) -> Iterator[None]:
        yield

    def get_log_data(self, migration: Migration | None = None, operation: str = "apply") -> dict[str, Any]:
        # Not yoyo's: it fails under a user number without a name, as in some containers, and waits for DNS.
        return {
            "id": str(uuid.uuid4()),
            "migration_id": migration.id if migration else None,
            "migration_hash": migration.hash if migration else None,
            "username": self.connection.info.user,
            "hostname": socket.gethostname(),
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
            "operation": operation,
        }


@contextmanager
def _locked(owner_url: str) -> Iterator[_Backend]:
    with psycopg.connect(_conninfo(owner_url), autocommit=True) as connection:
        # If we are killed, the server shall notice during a long statement too, and let go of what it locked.
        with suppress(psycopg.errors.InvalidParameterValue):  # not every platform can
            connection.execute("set client_connection_check_interval = '1s'")
        connection.execute("set statement_timeout = 0")
        connection.execute("set idle_in_transaction_session_timeout = 0")
        # Whoever waits for a table's lock stops everybody behind him: rather fail, and be tried again.
        connection.execute("set lock_timeout = '10s'")
        _wait_for_lock(connection)
        yield _Backend(connection)


def _wait_for_lock(connection: psycopg.Connection[Any]) -> None:
    started, noticed = time.monotonic(), False
    # Tried again and again: a waiting pg_advisory_lock is a running statement, for which the lock's holder would wait
    # in turn if it has an index to create concurrently.
    while connection.execute("select pg_try_advisory_lock(%s)", [_LOCK_KEY]).fetchone() != (True,):
        if not noticed and time.monotonic() - started > _LOCK_WAIT_NOTICE_S:
            _log.warning("waiting for another process that is migrating this database")
            noticed = True
        time.sleep(_LOCK_POLL_S)


def _conninfo(url: str) -> str:
    parameters = psycopg.conninfo.conninfo_to_dict(url)
    if "," in str(parameters.get("host", "")):
        parameters.setdefault("target_session_attrs", "read-write")
    parameters.setdefault("connect_timeout", _CONNECT_TIMEOUT_S)
    parameters.setdefault("application_name", "dcms-migrate")
    return psycopg.conninfo.make_conninfo("", **parameters)


def _read(migrations_dir: Path) -> list[Migration]:
    if not migrations_dir.is_dir():
        raise FileNotFoundError(f"There is no folder of migrations {migrations_dir}.")
    return list(read_migrations(glob.escape(str(migrations_dir))))
