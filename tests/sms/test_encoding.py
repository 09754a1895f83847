"""How texts travel, against plain definitions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcms.sms.encoding import GSM_BASIC, GSM_EXTENSION, ROOM, Encoding, measure

GSM = "".join(sorted(GSM_BASIC | GSM_EXTENSION))


@pytest.mark.parametrize(
    "text, encoding, segments, length",
    [
        ("", "GSM-7", 0, 0),
        ("Hallo Zoë", "UCS-2", 1, 9),
        ("Grüße für Jürgen?", "GSM-7", 1, 17),
        ("a" * 160, "GSM-7", 1, 160),
        ("a" * 161, "GSM-7", 2, 161),
        ("a" * 306, "GSM-7", 2, 306),
        ("a" * 307, "GSM-7", 3, 307),
        ("€" * 80, "GSM-7", 1, 160),
        ("€" * 81, "GSM-7", 2, 162),
        # 153 is odd: the second half of a € does not fit at the end of a part
        ("€" * 153, "GSM-7", 3, 306),
        ("a" + "€" * 152, "GSM-7", 2, 305),
        ("ж" * 70, "UCS-2", 1, 70),
        ("ж" * 71, "UCS-2", 2, 71),
        ("ж" * 134, "UCS-2", 2, 134),
        ("ж" * 135, "UCS-2", 3, 135),
        ("😀" * 35, "UCS-2", 1, 70),
        ("😀" * 36, "UCS-2", 2, 72),
        ("😀" * 67, "UCS-2", 3, 134),
        # in UCS-2 a character of GSM's extension table is one unit
        ("ж" + "€" * 69, "UCS-2", 1, 70),
    ],
)
def test_examples(text: str, encoding: Encoding, segments: int, length: int) -> None:
    size = measure(text)

    assert (size.encoding, size.segments, size.length) == (encoding, segments, length)


def test_the_alphabet_has_127_characters_and_the_extension_ten() -> None:
    # the 128th of the basic table is the escape to the extension table
    assert len(GSM_BASIC) == 127
    assert len(GSM_EXTENSION) == 10


def units(character: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return 2 if character in "\f^{}\\[~]|€" else 1
    return len(character.encode("utf-16-le")) // 2


@given(st.text(st.sampled_from(GSM), max_size=700) | st.text(max_size=500))
def test_length_is_the_sum_of_units_and_parts_are_filled_without_tearing(text: str) -> None:
    size = measure(text)

    assert (size.encoding == "GSM-7") == all(character in GSM for character in text)
    widths = [units(character, size.encoding) for character in text]
    assert size.length == sum(widths)
    single, room = ROOM[size.encoding]
    if size.length <= single:
        assert size.segments == min(1, len(text))
        return
    parts = [0]
    for width in widths:
        if parts[-1] + width > room:
            parts.append(0)
        parts[-1] += width
    assert size.segments == len(parts)


@given(st.text(max_size=200), st.text(max_size=200))
def test_more_text_never_takes_fewer_segments(text: str, more: str) -> None:
    assert measure(text + more).segments >= measure(text).segments
