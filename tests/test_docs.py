"""The documents say what there is."""

import re

from dcms.paths import PROJECT_DIR
from dcms.web.problems import TITLES

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
