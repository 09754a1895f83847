"""A demo clinic on a PostgreSQL of its own, which keeps its promises on disk, with servers that can be killed."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from dcms.database import migrate
from dcms.database.cluster import Cluster
from dcms.demo.seed import seed
from dcms.paths import PROJECT_DIR
from tests.databases import bin_dir
from tests.processes import environment, free_port, wait_until_ready

NAME = "clinic"
SETTINGS = {"fsync": "on", "synchronous_commit": "on", "shared_buffers": "64MB", "max_connections": "100"}


@contextmanager
def durable_clinic(**settings: str) -> Iterator[tuple[Cluster, str]]:
    """The cluster and the owner's URL of the seeded clinic in it."""
    folder = Path(tempfile.mkdtemp(prefix="dcms-faults-"))
    folder.chmod(0o755)
    cluster = Cluster(folder / "postgres", bin_dir(), SETTINGS | settings)
    try:
        cluster.start()
        with psycopg.connect(cluster.url(), autocommit=True) as session:
            session.execute(f"create database {NAME}")
        migrate.migrate(cluster.url(NAME))
        with psycopg.connect(cluster.url(), autocommit=True) as session:
            session.execute("alter role dcms_app login")
        seed(cluster.url(NAME))
        yield cluster, cluster.url(NAME)
    finally:
        cluster.destroy()
        shutil.rmtree(folder, ignore_errors=True)


def kill_postgres(cluster: Cluster) -> None:
    """Kill PostgreSQL as a power cut would."""
    pid = int((cluster.log_file.parent / "data" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)


def kill_and_recover(cluster: Cluster) -> None:
    """Kill PostgreSQL, and let it recover."""
    kill_postgres(cluster)
    cluster.start()


class Server:
    """A `dcms serve` on a port of its own, with all its processes in a group; of another version in another folder."""

    def __init__(self, owner_url: str, folder: Path = PROJECT_DIR, /, **extra: str) -> None:
        self.port = free_port()
        self._folder = folder
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as the server writes
        self._environment = environment(owner_url, self.port, **extra)
        self.start()

    @property
    def url(self) -> str:
        """Where its API is."""
        return f"http://127.0.0.1:{self.port}/api/v1"

    def start(self) -> None:
        """Start it without waiting until it is ready."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dcms", "serve"],
            cwd=self._folder,
            env={**self._environment, "PYTHONPATH": str(self._folder)},
            start_new_session=True,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )

    def bugs(self) -> list[str]:
        """What its log says of errors that nobody expected, once it was killed for good."""
        with self._log:
            self._log.seek(0)
            lines = self._log.read().decode().splitlines()
        return [line for line in lines if '"bug"' in line or line.startswith("LitestarException")]

    def wait(self) -> None:
        """Wait until it is ready."""
        wait_until_ready(f"http://127.0.0.1:{self.port}", self.process)

    def stop(self) -> int:
        """End it as an operator does; its exit status."""
        self.process.terminate()
        return self.process.wait(60)

    def kill(self) -> None:
        """Kill it and its workers at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
