"""The README works when pasted: the demo, and its walk through the main job."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dcms.paths import PROJECT_DIR
from tests.processes import free_port, wait_until_ready

README = (PROJECT_DIR / "README.md").read_text()


def shell_lines(heading: str) -> str:
    """The shell blocks of a section."""
    section = README.split(f"## {heading}\n")[1].split("\n## ")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running demo clinic in an empty folder."""
    folder = tmp_path_factory.mktemp("demo")
    port = free_port()
    environment = {**os.environ, "DCMS_PORT": str(port), "DCMS_DATA_DIR": str(folder)}
    process = subprocess.Popen([sys.executable, "-m", "dcms", "demo"], env=environment)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert not list(Path(folder).rglob("postmaster.pid"))


def test_the_walk_books_an_appointment_and_is_refused_a_second_one(demo: str) -> None:
    script = shell_lines("Book an appointment").replace("http://127.0.0.1:8000", demo)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script + '\necho\necho "booked $APPOINTMENT"'],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert '"code":"appointment_overlap"' in done.stdout
    assert '"note":"prefers mornings"' in done.stdout
    assert '"status":"cancelled"' in done.stdout
    assert re.search(r"^booked \d+$", done.stdout, re.MULTILINE)


def test_the_lines_of_the_standards_document_run(demo: str) -> None:
    document = (PROJECT_DIR / "docs" / "standards.md").read_text()
    login = shell_lines("Book an appointment").split("PATIENT=")[0].replace("http://127.0.0.1:8000", demo)
    lines = login + "\n".join(re.findall(r"```sh\n(.*?)```", document, re.DOTALL))

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "BEGIN:VEVENT" in done.stdout
    for said in ('"CapabilityStatement"', '"Patient"', '"Appointment"', '"Slot"'):
        assert f'"resourceType":{said}' in done.stdout


def test_the_lines_of_the_api_document_run(demo: str) -> None:
    document = (PROJECT_DIR / "docs" / "api.md").read_text()
    login = shell_lines("Book an appointment").split("PATIENT=")[0].replace("http://127.0.0.1:8000", demo)
    for lines in re.findall(r"```sh\n(.*?)```", document, re.DOTALL):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", login + lines], capture_output=True, text=True, timeout=60, check=False
        )

        assert done.returncode == 0, done.stderr
        assert '"items":' in done.stdout or '"code":"invalid_request"' in done.stdout
