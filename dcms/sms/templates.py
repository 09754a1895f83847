"""Templates: `{{patient.first_name}}` is replaced by its value, and nothing else happens: no code, no loops.

A value is put in as it is; braces in it mean nothing.
"""

import re
from collections.abc import Mapping

import msgspec

from dcms.web.problems import FieldError

MAX_NAME_LENGTH = 100

_NAME = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
_PLACE = re.compile(rf"(?<!\{{)\{{\{{[ \t]*({_NAME})[ \t]*\}}\}}(?!\}})")
_BRACES = re.compile(r"\{\{|\}\}")
NAME = re.compile(_NAME)


class Rendered(msgspec.Struct, frozen=True):
    """A text with its values, and the names that had none."""

    text: str
    missing: list[str]


def render(template: str, values: Mapping[str, str]) -> Rendered:
    """Put the values in; a name without one stays as it is written."""
    missing: dict[str, None] = {}

    def value_of(place: re.Match[str]) -> str:
        value = values.get(place[1])
        if value is None:
            missing[place[1]] = None
            return place[0]
        return value

    text = _PLACE.sub(value_of, template)
    return Rendered(text, list(missing))


def names_in(template: str) -> set[str]:
    """The names a template uses."""
    return set(_PLACE.findall(template))


def template_faults(template: str) -> list[FieldError]:
    """What is wrong with a template's braces: a check of the field that holds it."""
    rest = _PLACE.sub(" ", template)
    if _BRACES.search(rest) is None and max(map(len, names_in(template)), default=0) <= MAX_NAME_LENGTH:
        return []
    return [FieldError("", "has malformed braces: a value is written {{name}} or {{part.name}}")]
