"""The tests' PostgreSQL: a cluster that stays running between runs, a migrated template, fresh copies of it."""

import hashlib
import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from dcms.database import cluster as clusters
from dcms.database import migrate as migrations
from dcms.database.cluster import Cluster
from dcms.database.pool import PLANNER_SETTINGS
from dcms.paths import MIGRATIONS_DIR

APPLICATION_ROLE = "dcms_app"
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "512MB",
    **PLANNER_SETTINGS,  # as the service has them; the tests fill tables as the owner
    "autovacuum": "off",  # its sessions in a template make copying that wait
}
# A database is copied in 8 ms in memory, in 100 on a disk. Cluster refuses a folder that a stranger put there.
_MEMORY_DISK, _DISK = Path("/dev/shm"), Path("/tmp")  # noqa: S108
_MEMORY_DISK_FREE_MIN_BYTES = 4 * 2**30
_TEMPLATES_KEPT = 40
_LOCK_KEY = 0x64636D74

_numbers = itertools.count(1)


@cache
def bin_dir() -> Path:
    """Find the server to test on: the embedded one, or with DCMS_TEST_PG=system the machine's own."""
    return clusters.system_bin_dir() if os.environ.get("DCMS_TEST_PG") == "system" else clusters.embedded_bin_dir()


@cache
def running_cluster() -> Cluster:
    """Start the tests' cluster, or join the one that is running already."""
    cluster = Cluster(Path(os.environ.get("DCMS_TEST_DIR") or _default_folder()), bin_dir(), SETTINGS)
    cluster.start()
    return cluster


def template_database(cluster: Cluster, migrations_dir: Path = MIGRATIONS_DIR) -> str:
    """Give the name of a migrated database to copy, made once for each state of the migrations."""
    digest = hashlib.sha256()
    for file in sorted(migrations_dir.glob("*.sql")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    name = f"template_{digest.hexdigest()[:16]}"
    with _session(cluster) as session:
        session.execute("select pg_advisory_lock(%s)", [_LOCK_KEY])
        _sweep(session, keep=name)
        if session.execute("select from pg_database where datname = %s", [name]).fetchone() is None:
            _drop(session, "building")
            session.execute("create database building template template0")
            migrations.migrate(cluster.url("building"), migrations_dir)
            _let_application_log_in(session)
            session.execute(sql.SQL("alter database building rename to {}").format(sql.Identifier(name)))
            # A session in the template would make copying it fail.
            session.execute(sql.SQL("alter database {} allow_connections false").format(sql.Identifier(name)))
    return name


def fresh_database(cluster: Cluster, template: str) -> str:
    """Copy the template and give the copy's address for its owner."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with _session(cluster) as session:
        session.execute(
            sql.SQL("create database {} template {} strategy file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    return cluster.url(name)


def drop_database(cluster: Cluster, url: str) -> None:
    """Delete a database, whoever is connected to it."""
    with _session(cluster) as session:
        _drop(session, urlsplit(url).path.removeprefix("/"))


def application_url(url: str) -> str:
    """Turn the owner's address of a database into that of the role the service runs as."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{APPLICATION_ROLE}@{parts.netloc.rpartition('@')[2]}"))


def _default_folder() -> Path:
    name = f"dcms-tests-{os.getuid()}-{clusters.server_version(bin_dir())}"
    roomy = _MEMORY_DISK.is_dir() and shutil.disk_usage(_MEMORY_DISK).free >= _MEMORY_DISK_FREE_MIN_BYTES
    return (_MEMORY_DISK if roomy else _DISK) / name


@contextmanager
def _session(cluster: Cluster) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(cluster.url(), autocommit=True) as session:
        yield session


def _drop(session: psycopg.Connection[Any], name: str) -> None:
    session.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _let_application_log_in(session: psycopg.Connection[Any]) -> None:
    role = sql.Identifier(APPLICATION_ROLE)
    if session.execute("select from pg_roles where rolname = %s", [APPLICATION_ROLE]).fetchone() is None:
        session.execute(sql.SQL("create role {} login").format(role))
    else:
        session.execute(sql.SQL("alter role {} login").format(role))


def _sweep(session: psycopg.Connection[Any], keep: str) -> None:
    """Delete the databases of runs that were killed, and all but the newest templates."""
    names = [row[0] for row in session.execute("select datname from pg_database order by oid desc")]
    for name in [name for name in names if name.startswith("template_") and name != keep][_TEMPLATES_KEPT:]:
        _drop(session, name)
    session.execute("vacuum pg_database, pg_shdepend")  # as there is no autovacuum
    for name in names:
        if name.startswith("test_") and not _is_alive(int(name.split("_")[1])):
            _drop(session, name)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
