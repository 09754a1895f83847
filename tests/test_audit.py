"""`make audit`: a known hole is a failure, advisories that can't be reached are a warning in words."""

import json
import runpy
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from dcms.paths import PROJECT_DIR
from tests.processes import free_port

HOLE = {
    "id": "PYSEC-2030-1",
    "summary": "made up",
    "details": "made up",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
        }
    ],
}


@contextmanager
def advisories(known: dict[str, object], status: int = 200) -> Iterator[str]:
    """A source of advisories on this machine, in the form of OSV's; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            found = known.get(asked["package"]["name"])
            body = json.dumps({"vulns": [found]} if found else {}).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def audit(url: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    options = ["--vulnerability-service=osv", f"--osv-url={url}", f"--cache-dir={folder}"]
    return subprocess.run(
        [sys.executable, PROJECT_DIR / ".ci/audit.py", *options],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_without_a_known_hole_all_is_well(tmp_path: Path) -> None:
    with advisories({}) as url:
        done = audit(url, tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("0 known holes in ")
    assert "warning" not in done.stdout


def test_a_known_hole_is_a_failure(tmp_path: Path) -> None:
    with advisories({"jinja2": HOLE}) as url:
        done = audit(url, tmp_path)

    assert done.returncode == 1
    assert "PYSEC-2030-1, mended by 99.0" in done.stdout
    assert "1 known holes in " in done.stdout


def test_advisories_that_cannot_be_reached_are_a_warning(tmp_path: Path) -> None:
    done = audit(f"http://127.0.0.1:{free_port()}/v1/query", tmp_path)

    assert done.returncode == 0
    assert "warning: known holes were NOT looked up, as the advisories can't be reached" in done.stdout


def test_a_source_that_is_broken_is_a_warning(tmp_path: Path) -> None:
    with advisories({}, status=502) as url:
        done = audit(url, tmp_path)

    assert done.returncode == 0
    assert "NOT looked up" in done.stdout


def test_what_the_source_does_not_know_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    report = runpy.run_path(str(PROJECT_DIR / ".ci/audit.py"))["report"]
    known, unknown = {"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"}

    assert (report([known, unknown]), report([unknown])) == (0, 0)
    assert capsys.readouterr().out.splitlines() == [
        "warning: NOT looked up, as the source of advisories doesn't know them: b",
        "0 known holes in 1 of 2 dependencies",
        "warning: known holes were NOT looked up, as the source of advisories knows none of the dependencies",
    ]


def test_any_other_failure_is_a_failure(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, PROJECT_DIR / ".ci/audit.py", "--no-such-option"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "no-such-option" in done.stderr
