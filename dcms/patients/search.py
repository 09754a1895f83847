"""Reads what somebody typed to find a patient: which parts it has, and what each may mean."""

import re
from typing import Literal

import msgspec

from dcms.phones.numbers import normalize
from dcms.web.problems import Invalid

MAX_PARTS = 10

# n: a word of a name, r: a register number's start, e: an email's, p: a phone number's digits, s: its last digits,
# from the last to the first, d: digits anywhere in it
Kind = Literal["n", "r", "e", "p", "s", "d"]

# the same as in name_words() of the migration
_SEPARATORS = r"!-/:-@\[-`{-~\u00a1-\u00bf\u02b9-\u02bf\u2010-\u206f\u3001-\u303f\u30fb"
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_APOSTROPHES = re.compile(r"['’‘`´ʼ]")  # noqa: RUF001
_BETWEEN_WORDS = re.compile(f"[{_SEPARATORS}]+")
_OF_PHONE_NUMBERS = re.compile(r"[+\d()/.\-‐‑–]+")  # noqa: RUF001
_OF_EMAILS = re.compile(r"[@._\d]")
_MIN_LAST_DIGITS = 3
_MIN_DIGITS_BETWEEN = 4


class Part(msgspec.Struct, frozen=True):
    """One thing that a part may mean; whoever is found has one meaning of each place."""

    place: int
    kind: Kind
    text: str


def parts_of(query: str, region: str) -> list[Part]:
    """The parts of a query. Raises Invalid when there are too many."""
    places: list[set[tuple[Kind, str]]] = []
    number: list[str] = []
    query = _UNSEEN.sub("", query)
    for token in [*query.split(), ""]:
        if _OF_PHONE_NUMBERS.fullmatch(token):
            number.append(token)
            continue
        if number:
            places.append(_meanings_of_number(" ".join(number), region))
            number = []
        if token:
            places += _meanings_of_words(token)
    if len(places) > MAX_PARTS:
        raise Invalid.of("query", f"must have at most {MAX_PARTS} parts")
    # a register number may have spaces; then the whole query is one
    whole: set[tuple[Kind, str]] = {("r", " ".join(query.split()))}
    return [Part(place, kind, text) for place, meanings in enumerate(places) for kind, text in sorted(meanings | whole)]


def _meanings_of_words(token: str) -> list[set[tuple[Kind, str]]]:
    whole: set[tuple[Kind, str]] = {("r", token)}
    if _OF_EMAILS.search(token):
        whole.add(("e", token))
    if "@" in token:
        return [whole]
    words = [word for word in _BETWEEN_WORDS.split(_APOSTROPHES.sub("", token)) if word]
    # of Jean-P. the P alone says nothing
    told = [word for word in words if len(word) > 1] or words
    return [whole | {("n", word)} for word in told] or [whole]


def _meanings_of_number(spelling: str, region: str) -> set[tuple[Kind, str]]:
    meanings: set[tuple[Kind, str]] = {("r", spelling)}
    is_international = spelling.startswith(("+", "00"))
    # +49 (0)171: the zero is not dialled
    dialled = spelling.replace("(0)", "") if is_international else spelling
    digits = "".join(str(int(each)) for each in dialled if each.isdecimal())
    if len(digits) < 2:
        return meanings
    meanings.add(("p", digits))
    if is_international and digits.strip("0"):
        meanings.add(("p", digits.removeprefix("00")))
    if len(digits) >= _MIN_LAST_DIGITS:
        meanings.add(("s", digits[::-1]))
    if len(digits) >= _MIN_DIGITS_BETWEEN and not is_international:
        meanings.add(("d", digits))
    number = normalize(spelling, region)
    if number.e164 is not None:
        meanings.add(("p", number.e164[1:]))
    return meanings
