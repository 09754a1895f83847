"""Phone numbers in any spelling, by libphonenumber."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any

import msgspec
import phonenumbers
from msgspec import Meta
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

from dcms.context import current_context
from dcms.web.problems import FieldError

MAX_LENGTH = 100
# reading a number takes longer than all else there is to do with most requests, and the same ones call again
REMEMBERED = 4096

_PARSE_REASONS = {
    NumberParseException.INVALID_COUNTRY_CODE: "invalid_country_code",
    NumberParseException.NOT_A_NUMBER: "not_a_number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too_short",
    NumberParseException.TOO_SHORT_NSN: "too_short",
    NumberParseException.TOO_LONG: "too_long",
}
_POSSIBLE_REASONS = {
    ValidationResult.INVALID_COUNTRY_CODE: "invalid_country_code",
    ValidationResult.TOO_SHORT: "too_short",
    ValidationResult.TOO_LONG: "too_long",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "too_short",
    # neither the shortest nor the longest there is, but none that is used
    ValidationResult.INVALID_LENGTH: "not_a_number",
}


class NormalizedNumber(msgspec.Struct, frozen=True):
    """What libphonenumber says of a spelling."""

    is_valid: bool
    is_possible: bool
    e164: str | None = None
    national: str | None = None
    international: str | None = None
    region: str | None = None
    # libphonenumber's type in lower snake case
    type: str | None = None
    # not_a_number, invalid_country_code, too_short, too_long, not_in_use; None for a valid number
    reason: str | None = None


@lru_cache(REMEMBERED)
def normalize(number: str, region: str | None) -> NormalizedNumber:
    """Read a spelling as somebody in the region would dial it."""
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException as error:
        return NormalizedNumber(False, False, reason=_PARSE_REASONS.get(error.error_type, "not_a_number"))
    # whoever is reached by it: E.164 has none, and a number is shown alike to all who hold it
    parsed.extension = None
    possible = phonenumbers.is_possible_number_with_reason(parsed)
    if possible != ValidationResult.IS_POSSIBLE:
        return NormalizedNumber(False, False, reason=_POSSIBLE_REASONS.get(possible, "not_a_number"))
    is_valid = phonenumbers.is_valid_number(parsed)
    found = phonenumbers.region_code_for_number(parsed)
    return NormalizedNumber(
        is_valid=is_valid,
        is_possible=True,
        e164=phonenumbers.format_number(parsed, PhoneNumberFormat.E164),
        national=phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL),
        international=phonenumbers.format_number(parsed, PhoneNumberFormat.INTERNATIONAL),
        region=found if found and found != "001" else None,
        type=PhoneNumberType.to_string(phonenumbers.number_type(parsed)).lower(),
        reason=None if is_valid else "not_in_use",
    )


def number_row(spelling: str) -> dict[str, Any]:
    """The columns of phone_number for a spelling that `Spelling` let through."""
    number = normalize(spelling, current_context.get().default_region)
    return {"e164": number.e164, "national": number.national, "region": number.region, "type": number.type}


def possible(spelling: str) -> Iterator[FieldError]:
    """The fault of what is not a possible number, as the clinic's region dials."""
    number = normalize(spelling, current_context.get().default_region)
    if not number.is_possible:
        yield FieldError("", f"is not a phone number: {number.reason}")


Spelling = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_LENGTH,
        description="A phone number in any spelling.",
        examples=["0171 234 56 78"],
        extra={"check": possible},
    ),
]


def known_region(region: str) -> Iterator[FieldError]:
    """The fault of what is no region that libphonenumber knows."""
    if region not in phonenumbers.SUPPORTED_REGIONS:
        yield FieldError("", "is not a region with phone numbers")


Region = Annotated[
    str,
    Meta(description="ISO 3166-1 alpha-2; the clinic's by default.", examples=["DE"], extra={"check": known_region}),
]
