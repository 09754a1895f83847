"""Generated requests against the running service, as each role, on a demo clinic of its own: `make fuzz EXAMPLES=500`.

Every answer must fit the OpenAPI document, and none may be a 5xx but a 503 that says when to come again.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from dcms.access.permissions import Role
from dcms.demo.seed import seed
from dcms.paths import PROJECT_DIR
from tests.databases import drop_database, fresh_database, running_cluster, template_database
from tests.processes import environment, server

FOLDER = Path(__file__).parent
COUNTED = re.compile(r'^dcms_requests_total\{.*status="(\d+)".*\} (\d+)', re.MULTILINE)


class Outcome(NamedTuple):
    """What came of one role's run."""

    role: str
    is_well: bool
    requests: int
    by_status: dict[str, int]
    seconds: float
    output: str

    def __str__(self) -> str:
        """The figures on a line."""
        statuses = " ".join(f"{status}:{count}" for status, count in sorted(self.by_status.items()))
        verdict = "well" if self.is_well else "FAILED"
        return f"{self.role}: {verdict}, {self.requests} requests in {self.seconds:.0f} s ({statuses})"


@contextmanager
def clinic() -> Iterator[tuple[str, str]]:
    """A demo clinic that is served and worked for: its database and its URL."""
    cluster = running_cluster()
    database = fresh_database(cluster, template_database(cluster))
    try:
        seed(database)
        with server(database, DCMS_ACCESS_TOKEN_TTL_S="43200") as url, worker(database):
            yield database, url
    finally:
        drop_database(cluster, database)


@contextmanager
def worker(database: str) -> Iterator[None]:
    """A running `dcms worker`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dcms", "worker"], env=environment(database), stdout=subprocess.DEVNULL
    )
    try:
        yield
        assert process.poll() is None, "the worker ended by itself"
    finally:
        process.terminate()
        process.wait(30)


def fuzz(role: str, *options: str) -> Outcome:
    """Run schemathesis with a role's tokens; options are those of `st run`."""
    started = time.monotonic()
    with clinic() as (database, url), tempfile.TemporaryDirectory() as folder:
        document = Path(folder, "openapi.json")
        with open(document, "wb") as file:
            subprocess.run(
                [sys.executable, "-m", "dcms", "openapi"], stdout=file, check=True, env=environment(database)
            )
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                *("--config-file", str(FOLDER / "schemathesis.toml")),
                *("run", str(document), "--url", url.removesuffix("/api/v1")),
                *("--checks", "all", "--continue-on-failure", "--generation-database", "none", "--no-color", *options),
            ],
            cwd=PROJECT_DIR,
            env=environment(database)
            | {
                "DCMS_FUZZ_ROLE": role,
                "DCMS_FUZZ_DATABASE": database,
                "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
                "PYTHONPATH": str(PROJECT_DIR),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        by_status = requests_by_status(url)
    requests = sum(by_status.values())
    bad = [status for status in by_status if status.startswith("5") and status != "503"]
    is_well = done.returncode == 0 and not bad and requests > 0
    return Outcome(role, is_well, requests, by_status, time.monotonic() - started, done.stdout)


def requests_by_status(url: str) -> dict[str, int]:
    """How many requests the service answered, by status, as it says itself."""
    text = httpx.get(url.removesuffix("/api/v1") + "/metrics", timeout=30).text
    counts: dict[str, int] = {}
    for status, count in COUNTED.findall(text):
        counts[status] = counts.get(status, 0) + int(count)
    return counts


def main() -> int:
    """Run every role in turn and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=int(os.environ.get("EXAMPLES") or 20))
    parser.add_argument("--role", action="append", choices=[role.value for role in Role])
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    total = 0
    is_well = True
    for role in options.role or [role.value for role in Role]:
        outcome = fuzz(role, "--max-examples", str(options.examples), "--seed", str(options.seed))
        total += outcome.requests
        is_well = is_well and outcome.is_well
        if not outcome.is_well:
            sys.stdout.write(outcome.output)
        sys.stdout.write(f"{outcome}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{total} requests in all\n")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
