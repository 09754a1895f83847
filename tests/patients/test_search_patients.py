"""GET /patients with a query."""

import random
import string
from typing import Any

import pytest

from tests import make
from tests.api import Api, bad_fields
from tests.patients.rows import appointment


async def found(api: Api, query: str, **parameters: Any) -> list[int]:
    """The ids of those whom a query finds, in their order."""
    answer = await api.receptionist.get("/patients", params={"query": query, **parameters})
    assert answer.status_code == 200, answer.text
    return [patient["patient_id"] for patient in answer.json()["items"]]


@pytest.mark.parametrize(
    "query",
    [
        "Müller",
        "muller",
        "MUELLER",
        "mu",
        "Mül",
        "muel",
        "anna müller",
        "Müller, Anna",
        "MÜLLER anna",
        "mu an",
        "lena muller",
        "anna-lena",
        "annalena",
        "Müller-Lüdenscheidt",
        "muller luedenscheidt",
        "ludenscheidt-mu",
        # one letter wrong, missing, doubled, swapped; the first one, one in the middle, the last one
        "nuller",
        "müllor",
        "mulle r".replace(" ", ""),
        "uller",
        "muler",
        "mülle",
        "mmuller",
        "mulller",
        "mullerr",
        "umller",
        "mulelr",
        "mullre",
        "lüdenscheit",
        # fullwidth letters, a decomposed umlaut
        "\uff2d\uff55\uff4c\uff4c\uff45\uff52",
        "Mu\u0308ller",
    ],
)
async def test_a_name_is_found_however_it_is_typed(api: Api, query: str) -> None:
    wanted = await make.patient(api, first_name="Anna-Lena", last_name="Müller-Lüdenscheidt")
    await make.patient(api, first_name="Bruno", last_name="Sørensen")

    assert await found(api, query) == [wanted["patient_id"]]


@pytest.mark.parametrize("query", ["m", "ller", "anna meier", "maller x", "mlulre", "anan", "%", "a_na", "\\"])
async def test_what_is_no_beginning_finds_nobody(api: Api, query: str) -> None:
    await make.patient(api, first_name="Anna", last_name="Müller")

    assert await found(api, query) == []


@pytest.mark.parametrize(
    "first_name, last_name, query",
    [
        ("Иван", "Соловьёв", "соловьев"),
        ("Иван", "Соловьёв", "СОЛ ив"),
        ("Иван", "Соловьёв", "солвьев"),
        ("Γιώργος", "Παπαδόπουλος", "παπαδ γιω"),
        ("小龙", "李", "李"),
        ("小龙", "李", "小龙"),
        ("דוד", "לוי", "לו"),
        ("محمد", "علي", "محم"),
        ("민수", "김", "김"),
        ("Søren", "Ångström", "soeren angstrom"),
        ("Łukasz", "Żółć", "lukasz zolc"),
        ("José", "O'Neill", "oneill"),
        ("José", "O'Neill", "O\u2019Neill jose"),
        ("José", "O'Neill", "neill"),
        ("Jean", "Groß", "gross"),
        # a letter that is two in ASCII is one to the person who mistypes it
        ("Jean", "Straßburger", "straburger"),
        ("Jean", "Straßburger", "strabßurger"),
        ("Jean", "Straßburger", "straßßburger"),
        ("Jean", "Straßburger", "strasburger"),
        ("Jean", "Strassburger", "straßburger"),
        ("Jón", "Þórðarson", "órðarson"),
        ("Jón", "Þórðarson", "thordarson"),
        ("Jean", "Cœurdelys", "coerdelys"),
        # vowel points are accents
        ("محمد", "الفارسي", "مُحَمَّد"),
        ("مُحَمَّد", "ألفارسي", "محمد الفارسي"),
        ("דוד", "לֵוִי", "לוי"),
        # marks that nobody sees
        ("דוד", "לוי", "\u200fלוי\u200f \u202bדוד\u202c"),  # noqa: RUF001
        ("\u200fדוד\u200f", "Le\u200bvi", "levi דוד"),  # noqa: RUF001
        ("İbrahim", "Işık", "ibrahim isik"),  # noqa: RUF001
        ("Nguyễn", "Đặng", "nguyen dang"),
    ],
)
async def test_names_of_other_languages(api: Api, first_name: str, last_name: str, query: str) -> None:
    wanted = await make.patient(api, first_name=first_name, last_name=last_name)
    await make.patient(api)

    assert await found(api, query) == [wanted["patient_id"]]


@pytest.mark.parametrize(
    "query",
    [
        "0171 234-56 78",
        "01712345678",
        "+49 171 2345678",
        "+49 (0)171 234 56 78",
        "0049 171 23 45 678",
        "49171",
        "+49171",
        "0171",
        "171 234",
        "0171/2345",
        "(0171) 234",
        "2345678",
        "5678",
        "3456",
        "71-23",
        "anna 0171 234",
        "anna 2345",
        "\u0660\u0661\u0667\u0661",
        # as a telephone copies it
        "\u202a+49 171 2345678\u202c",
    ],
)
async def test_a_number_is_found_however_it_is_spelled(api: Api, query: str) -> None:
    numbers = [{"number": "030 123456"}, {"number": "0171 2345678"}]
    wanted = await make.patient(api, phone_numbers=numbers)
    await make.patient(api, phone_numbers=[{"number": "+44 20 7946 0000"}])

    assert await found(api, query) == [wanted["patient_id"]]


async def test_digits_in_between_are_found_whoever_has_them_as_a_whole_number(api: Api) -> None:
    bee = await make.patient(api, last_name="Bee", phone_numbers=[{"number": "+49 30 12345678"}])
    aay = await make.patient(api, last_name="Aay", phone_numbers=[{"number": "+49234567"}])

    assert await found(api, "234567") == [aay["patient_id"], bee["patient_id"]]
    assert await found(api, "bee 234567") == [bee["patient_id"]]


@pytest.mark.parametrize("digits", ["97161234567", "971612345678", "9716123456789"])
async def test_digits_in_between_are_found_in_the_longest_numbers_too(api: Api, digits: str) -> None:
    patient = await make.patient(api, phone_numbers=[{"number": "+497161234567890"}])

    assert await found(api, digits) == [patient["patient_id"]]


@pytest.mark.parametrize(
    "query", ["X-12 b", "x-1", "x-12", "Anna@Example.org", "anna@ex", "anna@example.org müller", "mü X-12"]
)
async def test_register_number_and_email_are_found_by_their_start(api: Api, query: str) -> None:
    wanted = await make.patient(api, register_number="X-12 b", email="Anna@example.org")
    await make.patient(api, register_number="Y-12", email="hanna@example.org")

    assert await found(api, query) == [wanted["patient_id"]]


async def test_the_best_come_first_ties_by_id(api: Api) -> None:
    begins = await make.patient(api, first_name="Bo", last_name="Mullersen")
    exact = [await make.patient(api, first_name="Bo", last_name=name) for name in ("Müller", "Muller")]
    misspelt = await make.patient(api, first_name="Bo", last_name="Mullor")
    whole = await make.patient(api, first_name="Muller", last_name="Mullersen")

    everybody = [*exact, whole, begins, misspelt]
    assert await found(api, "muller") == [patient["patient_id"] for patient in everybody]
    assert await found(api, "muller mullersen") == [whole["patient_id"], begins["patient_id"]]


async def test_pages_hold_every_hit_once(api: Api) -> None:
    ids = [(await make.patient(api, last_name=name))["patient_id"] for name in ("Müllers", "Muller", "Müllerin") * 3]
    seen: list[int] = []
    cursor = None
    while True:
        parameters: dict[str, Any] = {"query": "muller", "limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = (await api.doctor.get("/patients", params=parameters)).json()
        seen += [patient["patient_id"] for patient in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break

    assert seen == ids[1::3] + sorted(ids[0::3] + ids[2::3])
    other = await api.doctor.get("/patients", params={"query": "mulle", "cursor": "AAAA"})
    assert bad_fields(other) == {"cursor"}


async def test_the_filters_hold_for_a_search_too(api: Api) -> None:
    born = await make.patient(api, birth_date="1990-05-17")
    archived = await make.patient(api)
    merged = await make.patient(api)
    await api.admin.post(f"/patients/{archived['patient_id']}/archive")
    await api.owner.execute(
        "update patient set merged_into = $1, status = 'merged' where patient_id = $2",
        born["patient_id"],
        merged["patient_id"],
    )

    assert await found(api, "anna") == [born["patient_id"], archived["patient_id"]]
    assert await found(api, "anna", born="1990-05-17") == [born["patient_id"]]
    assert await found(api, "anna", status="archived") == [archived["patient_id"]]
    assert await found(api, "anna", status="merged") == [merged["patient_id"]]
    assert await found(api, "anna", status=["merged", "active"]) == [born["patient_id"], merged["patient_id"]]


async def test_of_a_doctor_only_patients_with_an_appointment_that_stands(api: Api) -> None:
    ada = await make.doctor(api)
    ids = [(await make.patient(api))["patient_id"] for _ in range(4)]
    for patient_id, status in zip(ids, ("finished", "cancelled", "no_show"), strict=False):
        await appointment(api, patient_id, -48 + patient_id, status, doctor_id=ada)
    await appointment(api, ids[3], 24)

    for path in (f"/patients?doctor_id={ada}", f"/patients?doctor_id={ada}&query=anna"):
        answer = await api.doctor.get(path)
        assert sorted(patient["patient_id"] for patient in answer.json()["items"]) == [ids[0], ids[2]]
    assert (await api.doctor.get("/patients?doctor_id=12345")).json()["items"] == []


async def test_what_changed_is_found_as_it_is_now(api: Api) -> None:
    patient = await make.patient(api, email="a@example.org", register_number="OLD-1")
    path = f"/patients/{patient['patient_id']}"

    await api.admin.patch(path, json={"last_name": "Schmidt", "email": None, "register_number": "NEW-1"})

    for query in ("muller", "a@example.org", "old-1"):
        assert await found(api, query) == []
    for query in ("schmidt", "new-1", "anna"):
        assert await found(api, query) == [patient["patient_id"]]


async def test_a_search_is_one_entry_of_the_audit_log(api: Api) -> None:
    patient = await make.patient(api)

    await found(api, "anna")

    assert (await api.audited(action="read"))[0]["after"] == {"ids": [patient["patient_id"]]}


async def test_an_empty_query_is_none_and_too_much_is_refused(api: Api) -> None:
    patient = await make.patient(api)

    assert await found(api, "  ") == [patient["patient_id"]]
    for query in ("an " * 11, "a" * 301, "a\0b"):
        assert bad_fields(await api.admin.get("/patients", params={"query": query})) == {"query"}


async def test_odd_queries_find_nobody_without_an_error(api: Api) -> None:
    await make.patient(api, phone_numbers=[{"number": "0171 2345678"}])
    for query in (
        "-",
        "'",
        "''",
        "+",
        "00",
        "(0)",
        "\U0010ffff",
        "a" * 300,
        "@",
        "\u0301",
        "🦷",
        "%_",
        "0" * 300,
        "ǆ",
        "\u200b",
    ):
        assert await found(api, query) == []


async def test_every_typing_error_is_taken_for_one_and_nothing_else(api: Api) -> None:
    rnd = random.Random(7)
    words = ["".join(rnd.choices("abcd", k=rnd.randint(1, 7))) for _ in range(400)]
    pairs = [(one, other) for one in words[:60] for other in words]
    for one in words[:60]:
        place = rnd.randrange(len(one))
        letter = rnd.choice(string.ascii_lowercase)
        swapped = one[:place] + one[place + 1 : place + 2] + one[place] + one[place + 2 :]
        pairs += [
            (one, one[:place] + letter + one[place + 1 :]),
            (one, one[:place] + one[place + 1 :]),
            (one, one[:place] + letter + one[place:]),
            (one, swapped),
        ]
    rows = await api.owner.fetch(
        """
        select is_one_letter_off(one, other), one_deleted(one) && one_deleted(other)
        from unnest($1::text[], $2::text[]) with ordinality as pair (one, other, place)
        order by place
        """,
        *zip(*pairs, strict=True),
    )

    for (one, other), (is_off, is_candidate) in zip(pairs, rows, strict=True):
        assert is_off == (one == other or other in one_edit(one)), (one, other)
        assert is_candidate or not is_off or not (one and other)


def one_edit(word: str) -> set[str]:
    """Every word one letter away, over the letters the test uses."""
    cuts = [(word[:place], word[place:]) for place in range(len(word) + 1)]
    return {
        *(left + right[1:] for left, right in cuts if right),
        *(left + right[1] + right[0] + right[2:] for left, right in cuts if len(right) > 1),
        *(left + letter + right[1:] for left, right in cuts if right for letter in string.ascii_lowercase),
        *(left + letter + right for left, right in cuts for letter in string.ascii_lowercase),
    }
