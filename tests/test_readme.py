"""The documents' requests work when pasted: the README's walk through the main job, and what builds on it."""

import re
import subprocess

from tests.documents import blocks, shell

WALK = shell("README.md", "Book an appointment")
LOGIN = WALK.split("PATIENT=")[0]


def run(lines: str, demo: str) -> str:
    """What lines of a shell say that go well."""
    script = lines.replace("http://127.0.0.1:8000", demo)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_walk_books_an_appointment_and_is_refused_a_second_one(demo: str) -> None:
    said = run(WALK + '\necho\necho "booked $APPOINTMENT"', demo)

    assert '"code":"appointment_overlap"' in said
    assert '"note":"prefers mornings"' in said
    assert '"status":"cancelled"' in said
    assert re.search(r"^booked \d+$", said, re.MULTILINE)


def test_the_lines_of_the_standards_document_run(demo: str) -> None:
    said = run(LOGIN + shell("docs/standards.md"), demo)

    assert "BEGIN:VEVENT" in said
    for kind in ('"CapabilityStatement"', '"Patient"', '"Appointment"', '"Slot"'):
        assert f'"resourceType":{kind}' in said


def test_the_lines_of_the_api_document_run(demo: str) -> None:
    expected = {
        "Errors": r'"code":"invalid_request"',
        "Pages": r'"items":\[.*"next_cursor":"',
        "Versions": r"^304\n412\n$",
        "Safe repetition": r'("patient_id":\d+).*\1.*Idempotency-Replayed: true|Idempotency-Replayed: true',
    }
    for section, said in expected.items():
        assert len(blocks("docs/api.md", section)) == 1
        assert re.search(said, run(LOGIN + shell("docs/api.md", section), demo), re.IGNORECASE | re.DOTALL), section
