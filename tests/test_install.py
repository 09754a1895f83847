"""Installing, upgrading and backing up work as README.md and docs/operations.md say, line by line."""

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from dcms.database.cluster import Cluster
from dcms.paths import PROJECT_DIR
from tests.databases import SETTINGS, bin_dir
from tests.documents import blocks, shell
from tests.processes import free_port, wait_until_ready

ADDRESS = re.compile(r"postgresql://(\w+):…@localhost/(\w+)")
OPERATIONS = "docs/operations.md"
RUN_IN_TURN = ("Upgrade without downtime", "Back up", "Watch", "Scale")


class Machine:
    """A machine as an operator has it: a PostgreSQL, a shell in an empty folder, and dcms on the path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.cluster = Cluster(folder / "postgres", bin_dir(), SETTINGS)
        self.cluster.start()
        # where the package is installed from is no part of what is tried
        path = f"{Path(sys.executable).parent}:{bin_dir()}:{os.environ['PATH']}"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DCMS_", "DATABASE_"))}
        self.environment = {**kept, "PATH": path, "DCMS_PORT": str(self.port), "DCMS_LOG_LEVEL": "warning"}

    def script(self, lines: str) -> str:
        """The lines with the addresses of this machine's databases."""
        return ADDRESS.sub(lambda match: shlex.quote(self.cluster.url(match[2], match[1])), lines)

    def run(self, lines: str) -> str:
        """What the lines say that go well."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.script(lines)],
            cwd=self.folder,
            env=self.environment,
            input="a long enough passphrase\n",
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def sql(self, statements: str) -> None:
        """Run statements as the superuser, each by itself, as psql does."""
        with psycopg.connect(self.cluster.url(), autocommit=True) as session:
            for statement in re.sub(r"--.*", "", statements).split(";"):
                if statement.strip():
                    session.execute(statement.encode())


@pytest.fixture
def machine() -> Iterator[Machine]:
    with tempfile.TemporaryDirectory(prefix="dcms-install-") as name:
        Path(name).chmod(0o755)
        machine = Machine(Path(name))
        yield machine
        machine.cluster.destroy()


def test_the_lines_install_run_upgrade_and_back_up(machine: Machine) -> None:
    readme = shell("README.md", "Run it for real").replace("pip install .\n", "")
    exports, start = readme.split("dcms serve")
    exports_alone = "\n".join(line for line in exports.splitlines() if line.startswith("export "))
    (roles,) = blocks(OPERATIONS, "Install", ("sql",))
    machine.sql(roles.text)
    installed = machine.run(exports)

    service = subprocess.Popen(
        ["bash", "-c", machine.script(exports_alone + "\ndcms serve" + start)],
        cwd=machine.folder,
        env=machine.environment,
        start_new_session=True,
    )
    try:
        wait_until_ready(f"http://127.0.0.1:{machine.port}", service)
        said = []
        for block in blocks(OPERATIONS, languages=("sh", "sql")):
            if block.section not in RUN_IN_TURN:
                continue
            if block.language == "sql":
                machine.sql(block.text)
            else:
                said.append(machine.run(exports_alone + "\n" + block.text))
        machine.run(exports_alone + "\ndcms migrate")
        health = httpx.get(f"http://127.0.0.1:{machine.port}/api/v1/health").json()
    finally:
        os.killpg(service.pid, signal.SIGTERM)
        service.wait(60)

    assert "anna can log in" in installed
    assert "All is well." in installed
    upgrade, back, restored = said
    assert "the database is up to date" in upgrade
    assert "taken back: " in back
    assert "tables" in restored
    assert (machine.folder / "clinic.dump").stat().st_size > 0
    assert (health["status"], health["migrations"]["pending"]) == ("ok", 0)
    machine.sql("create role other_clinic login in role dcms_app")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(machine.cluster.url("dcms", "other_clinic"))
    with psycopg.connect(machine.cluster.url("dcms_restored")) as session:
        assert session.execute("select username from dcms_user").fetchall() == [("anna",)]


def test_the_values_that_the_monitoring_asks_for_are_made_as_its_head_says() -> None:
    head = (PROJECT_DIR / "deploy/compose.monitoring.yaml").read_text()
    lines = re.findall(r"^#   (DCMS_\w+)=  +(.+)$", head, re.MULTILINE)

    assert len(lines) == 2
    for name, command in lines:
        said = subprocess.run(["sh", "-c", command], check=True, capture_output=True, text=True, timeout=30).stdout
        assert re.fullmatch(r"[0-9a-f]{48}\n", said), name
