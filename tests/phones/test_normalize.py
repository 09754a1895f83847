"""POST /phone_numbers/normalize."""

from typing import Any

import pytest

from tests.api import Api, bad_fields, problem

MOBILE = {
    "is_valid": True,
    "is_possible": True,
    "e164": "+491712345678",
    "national": "0171 2345678",
    "international": "+49 171 2345678",
    "region": "DE",
    "type": "mobile",
    "reason": None,
}
NOTHING = {
    "is_valid": False,
    "is_possible": False,
    "e164": None,
    "national": None,
    "international": None,
    "region": None,
    "type": None,
}


@pytest.mark.parametrize(
    "number", ["0171 234-56 78", "+49 (0)171 2345678", "0049-171-2345678", " 01712345678 ", "tel:+491712345678"]
)
async def test_spellings_of_one_number(api: Api, number: str) -> None:
    answer = await api.assistant.post("/phone_numbers/normalize", json={"number": number})

    assert (answer.status_code, answer.json()) == (200, MOBILE)


async def test_an_extension_is_no_part_of_a_number(api: Api) -> None:
    answer = await api.assistant.post("/phone_numbers/normalize", json={"number": "0171 2345678 ext. 12"})

    assert answer.json() == MOBILE


@pytest.mark.parametrize(
    "number, region, expected",
    [
        ("(415) 867-5309", "US", {"e164": "+14158675309", "region": "US", "type": "fixed_line_or_mobile"}),
        ("020 7946 0018", "GB", {"e164": "+442079460018", "region": "GB", "type": "fixed_line"}),
        ("+881 612 345 678", None, {"e164": "+881612345678", "region": None, "type": "mobile", "reason": None}),
        ("+49 1111111", None, {"is_valid": False, "is_possible": True, "reason": "not_in_use", "type": "unknown"}),
    ],
)
async def test_other_regions(api: Api, number: str, region: str | None, expected: dict[str, Any]) -> None:
    answer = await api.admin.post("/phone_numbers/normalize", json={"number": number, "region": region})

    assert answer.json() == {**answer.json(), **expected}


@pytest.mark.parametrize(
    "number, reason",
    [
        ("call me", "not_a_number"),
        ("+999 123456", "invalid_country_code"),
        ("12", "too_short"),
        ("0", "not_a_number"),
        ("0171 2345678901234567", "too_long"),
        ("1" * 100, "too_long"),
    ],
)
async def test_what_is_no_number_is_200_with_its_reason(api: Api, number: str, reason: str) -> None:
    answer = await api.admin.post("/phone_numbers/normalize", json={"number": number})

    assert (answer.status_code, answer.json()) == (200, {**NOTHING, "reason": reason})


async def test_the_clinics_region_is_the_default(api: Api) -> None:
    await api.owner.execute("update clinic_settings set default_region = 'US'")
    await api.services.watch.refresh()

    answer = await api.admin.post("/phone_numbers/normalize", json={"number": "415 867 5309"})

    assert answer.json()["e164"] == "+14158675309"


async def test_bad_input_and_permission(api: Api) -> None:
    path = "/phone_numbers/normalize"

    assert bad_fields(await api.admin.post(path, json={"number": " ", "region": "XX", "x": 1})) == {
        "number",
        "region",
        "x",
    }
    assert bad_fields(await api.admin.post(path, json={})) == {"number"}
    assert bad_fields(await api.admin.post(path, json={"number": "1" * 101, "region": "001"})) == {"number", "region"}
    problem(await api.patient.post(path, json={"number": "1"}), 403, "forbidden")
