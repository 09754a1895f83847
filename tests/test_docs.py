"""The documents say what there is."""

import re

from dcms.paths import PROJECT_DIR
from dcms.web.problems import TITLES

DOCUMENTS = [*PROJECT_DIR.glob("*.md"), *PROJECT_DIR.glob("docs/**/*.md")]


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
