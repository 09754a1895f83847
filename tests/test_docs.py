"""The documents say what there is, and every command in them is run by a test or named here with its reason."""

import re
import subprocess
import sys

import pytest

from dcms.paths import PROJECT_DIR
from dcms.web.problems import TITLES
from tests.documents import DOCUMENTS, Block, blocks

# of each section of ASVS 5.0.0 the first so many requirements are of level 1 or 2, the rest of level 3
ASVS = {
    1: (2, 9, 11, 3, 2),
    2: (3, 3, 4, 1),
    3: (0, 2, 4, 6, 5, 0, 2),
    4: (3, 1, 2, 4),
    5: (1, 3, 2, 3),
    6: (3, 12, 4, 4, 5, 3, 0, 4),
    7: (3, 4, 2, 5, 2, 2),
    8: (2, 3, 1, 1),
    9: (3, 4),
    10: (2, 2, 4, 11, 5, 2, 3),
    11: (2, 3, 3, 4, 1, 1, 0),
    12: (3, 2, 4),
    13: (1, 5, 2, 5),
    14: (2, 4, 3),
    15: (3, 3, 7, 0),
    16: (1, 5, 4, 3, 3),
    17: (1, 4, 2),
}
# which test runs the shell and SQL of a section
RUN_BY = {
    ("README.md", "Book an appointment"): "tests/test_readme.py",
    ("README.md", "Run it for real"): "tests/test_install.py",
    ("CONTRIBUTING.md", "A whole one"): "tests/test_contributing.py",
    ("docs/api.md", "Errors"): "tests/test_readme.py",
    ("docs/api.md", "Pages"): "tests/test_readme.py",
    ("docs/api.md", "Versions"): "tests/test_readme.py",
    ("docs/api.md", "Safe repetition"): "tests/test_readme.py",
    ("docs/api.md", "Clients"): "tests/test_clients.py",
    ("docs/import.md", "In four steps"): "tests/imports/test_document.py",
    ("docs/operations.md", "Install"): "tests/test_install.py",
    ("docs/operations.md", "Upgrade without downtime"): "tests/test_install.py",
    ("docs/operations.md", "Back up"): "tests/test_install.py",
    ("docs/operations.md", "Watch"): "tests/test_install.py",
    ("docs/operations.md", "Scale"): "tests/test_install.py",
    ("docs/operations.md", "PgBouncer"): "tests/test_pgbouncer.py",
    ("docs/standards.md", "A doctor's calendar in Google, Apple or Outlook"): "tests/test_readme.py",
    ("docs/standards.md", "FHIR R4"): "tests/test_readme.py",
}
# the beginnings of lines that no test runs
NOT_RUN = {
    "make run": "runs `dcms demo`, which the fixture `demo` starts without making the environment again",
    "make test": "is what runs this",
    "make bench": "measures for minutes; .ci/run calls a short one",
    "make clients": "fetches packages; .ci/run calls it before the test of what it makes",
    "pip install .": "fetches packages; .ci/run and the Dockerfile install from the lock files",
    "useradd ": "changes the machine's users",
    "install ": "writes to /etc",
    "systemctl ": "needs systemd as the machine's first process",
}
PROGRAMS = ("make ", "dcms ", "curl ", "docker ", "pip ", "psql ")
COMMANDS = [
    block
    for path in DOCUMENTS
    for block in blocks(str(path.relative_to(PROJECT_DIR)), "", ("sh", "sql", ""))
    if block.language or block.text.startswith(PROGRAMS)
]
COMPOSE_HEADS = ("compose.yaml", "deploy/compose.monitoring.yaml")


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: f"{block.document}:{block.section}")
def test_every_command_is_run_by_a_test_or_left_out_for_a_reason(block: Block) -> None:
    runner = RUN_BY.get((block.document, block.section))
    if runner is None:
        left = [line for line in block.text.splitlines() if line and not line.startswith(tuple(NOT_RUN))]
        assert left == [], f"no test runs these lines of {block.document}"
    else:
        assert block.document in (PROJECT_DIR / runner).read_text()


def test_nothing_is_listed_that_is_not_there() -> None:
    lines = [line for block in COMMANDS for line in block.text.splitlines()]

    assert RUN_BY.keys() <= {(block.document, block.section) for block in COMMANDS}
    for beginning in NOT_RUN:
        assert any(line.startswith(beginning) for line in lines), beginning


def test_every_command_of_dcms_that_is_named_exists() -> None:
    done = subprocess.run([sys.executable, "-m", "dcms", "--help"], check=True, capture_output=True, text=True)
    known = set(re.findall(r"^    (\w+)  ", done.stdout, re.MULTILINE))
    heads = [(PROJECT_DIR / name) for name in COMPOSE_HEADS]

    for document in [*DOCUMENTS, *heads]:
        named = set(re.findall(r"(?:`|^|& |run --rm api |/bin/)dcms ([a-z]+)", document.read_text(), re.MULTILINE))
        assert named <= known, document.name


def test_every_code_of_a_problem_is_listed() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", (PROJECT_DIR / "docs" / "api.md").read_text(), re.MULTILINE))

    assert listed == TITLES.keys()


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (PROJECT_DIR / "Makefile").read_text(), re.MULTILINE))

    for document in DOCUMENTS:
        named = set(re.findall(r"`make ([a-z]+)", document.read_text()))
        named |= set(re.findall(r"^make ([a-z]+)", document.read_text(), re.MULTILINE))
        assert named <= targets, document.name


def test_every_link_to_a_file_leads_somewhere() -> None:
    for document in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_every_requirement_of_asvs_is_answered_once_by_tests_that_exist() -> None:
    text = (PROJECT_DIR / "docs" / "asvs.md").read_text()
    rows = re.findall(r"^\| (V\d[^|]+) \|", text, re.MULTILINE)
    wanted = {
        f"V{chapter}.{section}.{number}"
        for chapter, sections in ASVS.items()
        for section, count in enumerate(sections, 1)
        for number in range(1, count + 1)
    }

    answered = [requirement for row in rows for requirement in row.split(", ")]
    assert sorted(answered) == sorted(wanted)
    for path in re.findall(r"`(tests/[^`]+)`", text + (PROJECT_DIR / "docs" / "security.md").read_text()):
        assert list(PROJECT_DIR.glob(path)), path


def test_every_picture_is_shown() -> None:
    shown = "".join(document.read_text() for document in DOCUMENTS)

    for picture in PROJECT_DIR.glob("docs/*.png"):
        assert f"]({picture.name})" in shown, picture.name
