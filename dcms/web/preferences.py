"""What a client would like, if it can be had (RFC 7240)."""

import re
from collections.abc import Iterable

MAX_STALENESS_S = 3600

# what lies between two commas; those of a quoted value count as a part of it. One that nobody closes goes to the end,
# so that no place of the text is gone through twice
_PREFERENCE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*(?:"|\\?$))+', re.DOTALL)


def max_staleness(prefer: Iterable[str]) -> int | None:
    """The seconds of `max-staleness` in the lines of Prefer; of several the first counts, and a bad one for nothing."""
    for preference in _PREFERENCE.findall(",".join(prefer)):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "max-staleness":
            return _seconds(value.strip().removeprefix('"').removesuffix('"'))
    return None


def _seconds(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) < 5
    return int(text) if is_number and 1 <= int(text) <= MAX_STALENESS_S else None
