"""A second server that follows the first, and can take its place."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit, urlunsplit

import psycopg

from dcms.database.cluster import Cluster
from tests.databases import bin_dir
from tests.faults.clinic import SETTINGS

NAME = "standby"
FOLLOWS_WITHIN_S = 60


@contextmanager
def synchronous_standby(primary: Cluster) -> Iterator[Cluster]:
    """A running standby; from then on the primary acknowledges only what the standby has on its disk as well."""
    with streaming_standby(primary, SETTINGS) as standby:
        with psycopg.connect(primary.url(), autocommit=True) as session:
            session.execute(f"alter system set synchronous_standby_names = '{NAME}'")
            session.execute("select pg_reload_conf()")
            until = time.monotonic() + FOLLOWS_WITHIN_S
            while session.execute("select from pg_stat_replication where sync_state = 'sync'").fetchone() is None:
                assert time.monotonic() < until
                time.sleep(0.1)
        yield standby


@contextmanager
def streaming_standby(primary: Cluster, settings: Mapping[str, str]) -> Iterator[Cluster]:
    """A running standby that nobody waits for."""
    owner = primary.log_file.parent.stat()
    folder = primary.log_file.parent.with_name(NAME)
    folder.mkdir(mode=0o700)
    standby = Cluster(folder, bin_dir(), settings)
    source = f"host={_folder(primary.url())} port=5432 user=postgres application_name={NAME}"
    subprocess.run(
        [
            *(bin_dir() / "pg_basebackup", "--pgdata", folder / "data", "--dbname", source),
            *("--write-recovery-conf", "--checkpoint=fast"),
        ],
        check=True,
    )
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
    try:
        standby.start()
        yield standby
    finally:
        standby.destroy()
        shutil.rmtree(folder, ignore_errors=True)


def promote(standby: Cluster) -> None:
    """Let the standby take writes."""
    with psycopg.connect(standby.url(), autocommit=True) as session:
        row = session.execute("select pg_promote()").fetchone()
    assert row == (True,)


def either(first: str, second: str) -> str:
    """The address of a database on either of two servers."""
    parts = urlsplit(first)
    return urlunsplit(parts._replace(query=f"host={_folder(first)},{_folder(second)}&port=5432,5432"))


def _folder(url: str) -> str:
    return parse_qs(urlsplit(url).query)["host"][0]
