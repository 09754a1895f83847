"""`dcms backup` and `dcms restore`: pg_dump's format, with a list of every table's rows and digest to check against."""

import contextlib
import hashlib
import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg import sql

from dcms.database.cluster import ClusterError, embedded_bin_dir, system_bin_dir
from dcms.database.queries import queries

SQL = queries("backup")

FORMAT = "dcms-backup-1"
# a backup reads whole tables
NO_TIMEOUT = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c timezone=UTC"


class BackupError(Exception):
    """What went wrong, and what to do."""


class TableDigest(msgspec.Struct):
    """What a table held."""

    name: str
    rows: int
    digest: str


class Manifest(msgspec.Struct):
    """What a backup holds; written beside it."""

    format: str
    made_at: datetime
    server_version: int
    tables: list[TableDigest]


def backup(owner_url: str, file: Path) -> Manifest:
    """Write a backup and its manifest, both of one snapshot of the running database."""
    if file.exists():
        raise BackupError(f"{file} is there already")
    part = file.with_name(file.name + ".part")
    with _connect(owner_url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with connection.transaction():
            snapshot = connection.execute(SQL.snapshot.text).fetchall()[0][0]
            _run("pg_dump", connection, ["--format=custom", f"--snapshot={snapshot}", f"--file={part}", "--no-owner"])
            manifest = Manifest(FORMAT, datetime.now(UTC), connection.info.server_version, _digests(connection))
    manifest_of(file).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    part.rename(file)
    return manifest


def restore(owner_url: str, file: Path) -> Manifest:
    """Read a backup into an empty database, and compare every table with the manifest."""
    try:
        manifest = msgspec.json.decode(manifest_of(file).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise BackupError(f"{manifest_of(file)} can't be read: {error}") from None
    with _connect(owner_url) as connection:
        if not connection.execute(SQL.is_empty.text).fetchall()[0][0]:
            raise BackupError("the database is not empty: make a new one, so that nothing is overwritten")
        arguments = ["--exit-on-error", "--single-transaction", "--no-owner", f"--dbname={connection.info.dbname}"]
        _run("pg_restore", connection, [*arguments, str(file)])
        found = {table.name: table for table in _digests(connection)}
    differing = [table.name for table in manifest.tables if found.get(table.name) != table]
    if differing:
        raise BackupError(f"restored, but these tables differ from the backup: {', '.join(differing)}")
    return manifest


def manifest_of(file: Path) -> Path:
    """Where the manifest of a backup lies."""
    return file.with_name(file.name + ".manifest.json")


def _connect(owner_url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(owner_url, autocommit=True, options=NO_TIMEOUT)


def _digests(connection: psycopg.Connection[Any]) -> list[TableDigest]:
    names = [row[0] for row in connection.execute(SQL.tables.text).fetchall()]
    return [_digest(connection, name) for name in names]


def _digest(connection: psycopg.Connection[Any], name: str) -> TableDigest:
    """The rows of a table and the sum of their hashes, whatever their order."""
    rows = 0
    digest = 0
    # a partitioned table is copied by a select, which COPY asks for
    statement = sql.SQL("copy (select * from public.{}) to stdout").format(sql.Identifier(name))
    with connection.cursor() as cursor, cursor.copy(statement) as lines:
        for line in lines:
            rows += 1
            digest += int.from_bytes(hashlib.blake2b(line, digest_size=16).digest(), "big")
    return TableDigest(name, rows, f"{digest % 2**128:032x}")


def _run(program: str, connection: psycopg.Connection[Any], arguments: list[str]) -> None:
    """Run one of PostgreSQL's programs on the connection's database; the password is not in its arguments."""
    info = connection.info
    environment = {
        **os.environ,
        "PGHOST": info.host,
        "PGPORT": str(info.port),
        "PGUSER": info.user,
        "PGPASSWORD": info.password,
        "PGDATABASE": info.dbname,
    }
    done = subprocess.run(
        [_program(program, info.server_version // 10_000), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BackupError(f"{program} failed:\n{done.stderr}")


def _program(name: str, server_major: int) -> str:
    """A program at least as new as the server, as an older one refuses to dump it."""
    folders = [Path(found).parent for found in [shutil.which(name)] if found]
    for find in (system_bin_dir, embedded_bin_dir):
        with contextlib.suppress(ClusterError):
            folders.append(find())
    for folder in folders:
        program = folder / name
        if program.exists() and _major_of(program) >= server_major:
            return str(program)
    raise BackupError(f"{name} of PostgreSQL {server_major} or newer is not installed")


def _major_of(program: Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.split(" (PostgreSQL) ")[1].split(".")[0])
