"""The documents' fenced blocks, for the tests that run them."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from dcms.paths import PROJECT_DIR

DOCUMENTS = sorted([*PROJECT_DIR.glob("*.md"), *PROJECT_DIR.glob("docs/**/*.md"), *PROJECT_DIR.glob("deploy/**/*.md")])
_PART = re.compile(r"^## (?P<section>[^\n]+)$|^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(msgspec.Struct, frozen=True):
    """A fenced block: in which section of which document."""

    document: str
    section: str
    language: str
    text: str


def blocks(path: str, section: str = "", languages: tuple[str, ...] = ("sh",)) -> list[Block]:
    """The blocks of a document, or of one section of it, in their order."""
    return [
        block for block in _all(PROJECT_DIR / path) if block.language in languages and section in ("", block.section)
    ]


def shell(path: str, section: str = "") -> str:
    """The shell lines of a document, or of one section of it."""
    return "\n".join(block.text for block in blocks(path, section))


def _all(path: Path) -> Iterator[Block]:
    section = ""
    for part in _PART.finditer(path.read_text()):
        if part["section"] is not None:
            section = part["section"]
        else:
            yield Block(str(path.relative_to(PROJECT_DIR)), section, part["language"], part["text"])
