"""CONTRIBUTING.md's new endpoint, made in a copy by its own words."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dcms.paths import PROJECT_DIR

GUIDE = (PROJECT_DIR / "CONTRIBUTING.md").read_text().split("## A whole one\n")[1].split("\n## ")[0]
# a block of a file follows its name in backticks
STEP = re.compile(r"(?:`([\w./]+)`:\n\n)?```(\w+)\n(.*?)```", re.DOTALL)
COPIED = ("dcms", "sql", "migrations", "tests", "Makefile", "pyproject.toml")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the sources."""
    for name in COPIED:
        source = PROJECT_DIR / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


def run(command: list[str], folder: Path) -> str:
    """What a command says that goes well."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def patched(text: str, diff: str) -> str:
    """A text with each added line before the line that follows it in the diff."""
    added: list[str] = []
    for line in diff.splitlines():
        if line.startswith("+"):
            added.append(line[1:])
        elif line.startswith(" "):
            assert text.count(f"\n{line[1:]}\n") == 1, line
            text = text.replace(f"\n{line[1:]}\n", "\n" + "\n".join([*added, line[1:]]) + "\n")
            added = []
    assert not added
    return text


def test_the_guide_makes_an_endpoint_that_is_served(copy: Path) -> None:
    number = "NNNN"
    commands = []
    for name, language, block in STEP.findall(GUIDE):
        if language == "sh" and "make test" in block:
            # on the interpreter that runs this test
            arguments = re.findall(r'ARGS="(.*)"', block)[0].split()
            said = run([sys.executable, "-m", "pytest", *arguments, "-k", "laborator"], copy)
            assert re.search(r"\d passed", said)
            commands.append("test")
        elif language == "sh":
            said = run(["sh", "-c", block], copy)
            if made := re.match(r"migrations/(\d{4})\.laboratories\.sql", said):
                number = made[1]
            commands.append(block.split()[1])
        elif language == "diff":
            path = copy / name
            path.write_text(patched(path.read_text(), block))
        else:
            path = copy / name.replace("NNNN", number)
            path.parent.mkdir(exist_ok=True)
            path.write_text(block)
            if path.parent.parent.name == "tests":
                (path.parent / "__init__.py").touch()

    assert commands == ["migration", "checksums", "test"]
    said = run([sys.executable, "-c", "import dcms; print(dcms.__file__)"], copy)
    assert said.startswith(str(copy))
    run([sys.executable, "-m", "dcms", "openapi"], copy)
    for check in (["ruff", "check", "--no-cache"], ["ruff", "format", "--no-cache", "--check"]):
        run([sys.executable, "-m", *check, "dcms/laboratories", "tests/laboratories", "dcms/app.py"], copy)
