"""The generated clients book an appointment; `make clients` makes them first."""

import os
import re
import shutil
import subprocess

import pytest

from dcms.paths import PROJECT_DIR
from tests.documents import shell

WALK = r"booked \d+ for .+\nrefused: appointment_overlap\ncancelled\n"

pytestmark = pytest.mark.clients


def run(program: str, url: str) -> str:
    """What a program says that books against the service at this address, run as docs/api.md says."""
    [line] = [line for line in shell("docs/api.md", "Clients").splitlines() if line.endswith(program)]
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=PROJECT_DIR,
        env={**os.environ, "DCMS_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_python_client_books_an_appointment(demo: str) -> None:
    assert re.fullmatch(WALK, run("clients/python/book.py", demo))


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed: there is no TypeScript client")
def test_the_typescript_client_books_an_appointment(demo: str) -> None:
    assert re.fullmatch(WALK, run("typescript/book.js", demo))
