"""How a text travels: GSM 03.38 with its extension table, or UCS-2, and in how many segments.

A text over one message is split, and each part gives up room for the header that joins them. A character
of the extension table and one outside of the basic plane take two units, which are not torn apart.
"""

from typing import Literal

import msgspec

Encoding = Literal["GSM-7", "UCS-2"]

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
GSM = GSM_BASIC | GSM_EXTENSION
# encoding → units in a single message, units in each of several
ROOM: dict[Encoding, tuple[int, int]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}

BASIC_PLANE_END = "\uffff"


class Measure(msgspec.Struct, frozen=True):
    """A text's size on its way."""

    encoding: Encoding
    segments: int
    # in septets (GSM-7) or 16-bit units (UCS-2)
    length: int


def measure(text: str) -> Measure:
    """Count a text's units and segments. An empty one has none."""
    characters = set(text)
    encoding: Encoding = "GSM-7" if characters <= GSM else "UCS-2"
    wide = (
        characters & GSM_EXTENSION if encoding == "GSM-7" else {each for each in characters if each > BASIC_PLANE_END}
    )
    single, part = ROOM[encoding]
    length = len(text) + sum(text.count(each) for each in wide)
    if length <= single:
        return Measure(encoding, min(length, 1), length)
    if not wide:
        return Measure(encoding, -(-length // part), length)
    return Measure(encoding, _parts([2 if each in wide else 1 for each in text], part), length)


def _parts(widths: list[int], room: int) -> int:
    parts, used = 1, 0
    for width in widths:
        if used + width > room:
            parts, used = parts + 1, 0
        used += width
    return parts
