"""dcms import patients."""

from typing import Any

import pytest

from dcms.backup import TableDigest, backup
from tests import make
from tests.api import Api
from tests.imports.files import ANNA, PATIENTS, Importing, text_of

# what comes with being another record
OWN = ("patient_id", "register_number", "created_at", "updated_at")


def without(record: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


async def test_a_row_becomes_the_patient_that_the_api_would_make(api: Api, importing: Importing) -> None:
    counts, report = await importing(
        "patient",
        [
            {
                **ANNA,
                "Given name": "  Zoe\u0308 ",
                "Middle": "Maria",
                "Born": "24.12.1990",
                "Sex": "F",
                "Email": "zoe@example.org",
                "Street": "Hauptstr. 1",
                "Town": "10115 Berlin",
                "Remark": "comes\nby bus",
                "Warnings": "latex / penicillin",
                "Mobile": "0171 2345678",
                "Home": "(030) 901820",
            }
        ],
    )
    by_api = await make.patient(
        api,
        first_name="Zoë",
        middle_name="Maria",
        birth_date="1990-12-24",
        gender="female",
        email="zoe@example.org",
        address="Hauptstr. 1, 10115 Berlin",
        note="comes\nby bus",
        alerts=["latex", "penicillin"],
        phone_numbers=[{"number": "0171 2345678", "label": "mobile"}, {"number": "030 901820", "label": "home"}],
    )
    imported, _ = await importing.patients()
    phones = await api.owner.fetch(
        "select e164, label, is_primary, national, region, type from patient_phone join phone_number using (e164) "
        "where patient_id = $1 order by phone_number_id",
        imported["patient_id"],
    )
    found = await api.admin.get("/patients", params={"query": "mueller 0171 234"})

    assert (counts.added, counts.rows, report) == (1, 1, [])
    assert without(imported, *OWN) == without(by_api, *OWN)
    assert imported["register_number"] == "P000001"
    assert [tuple(phone) for phone in phones] == [
        ("+491712345678", "mobile", True, "0171 2345678", "DE", "mobile"),
        ("+4930901820", "home", False, "030 901820", "DE", "fixed_line"),
    ]
    assert imported["patient_id"] in [patient["patient_id"] for patient in found.json()["items"]]


@pytest.mark.parametrize(
    "cells,field,message",
    [
        ({"No": " "}, "source_id", "is required"),
        ({"No": "x" * 201}, "source_id", "is too long"),
        ({"Given name": ""}, "first_name", "is required"),
        ({"Surname": "x" * 101}, "last_name", "length <= 100"),
        ({"Born": "1990-12-24"}, "birth_date", "is not written as %d.%m.%Y"),
        ({"Born": "31.02.1990"}, "birth_date", "is not written as %d.%m.%Y"),
        ({"Born": "24.12.2150"}, "birth_date", "must be in the past"),
        ({"Born": "24.12.1700"}, "birth_date", "between the years 1800"),
        ({"Sex": "?"}, "gender", "invalid enum value"),
        ({"Email": "anna@"}, "email", "must look like"),
        ({"Warnings": "/".join(["x"] * 51)}, "alerts", "length <= 50"),
        ({"Register": "x" * 51}, "register_number", "length <= 50"),
        ({"Mobile": "12"}, "phone_numbers[0].number", "is not a phone number: too_short"),
        ({"Remark": "a\0b"}, "note", "must not contain NUL"),
    ],
)
async def test_a_row_that_breaks_a_rule_is_refused_and_its_neighbours_go_in(
    cells: dict[str, str], field: str, message: str, importing: Importing
) -> None:
    bad = {**ANNA, "No": "2", **cells}
    counts, report = await importing("patient", [ANNA, bad, {**ANNA, "No": "3"}])

    assert (counts.added, counts.refused) == (2, 1)
    assert [without(line, "message") for line in report] == [
        {"row": "3", "source_id": bad["No"].strip(), "code": "invalid_request", "field": field}
    ]
    assert message in report[0]["message"]
    assert len(await importing.patients()) == 2


async def test_every_bad_field_has_its_line(importing: Importing) -> None:
    counts, report = await importing("patient", [{**ANNA, "Born": "?", "Sex": "?", "Surname": ""}])

    assert counts.refused == 1
    assert sorted(line["field"] for line in report) == ["birth_date", "gender", "last_name"]


@pytest.mark.parametrize("batch", [1, 3, 200])
async def test_a_register_number_belongs_to_the_first_one(api: Api, importing: Importing, batch: int) -> None:
    await make.patient(api, register_number="A-7")
    rows = [
        {**ANNA, "No": "1", "Register": "B-1"},
        {**ANNA, "No": "2", "Register": "a-7"},
        {**ANNA, "No": "3", "Register": "b-1"},
        {**ANNA, "No": "4"},
        {**ANNA, "No": "5", "Register": "B-2"},
    ]
    counts, report = await importing("patient", rows, batch=batch)

    assert (counts.added, counts.refused) == (3, 2)
    assert [(line["row"], line["code"], line["field"], line["message"]) for line in report] == [
        (row, "duplicate", "register_number", "Another patient has this register number.") for row in ("3", "4")
    ]
    assert [patient["register_number"] for patient in await importing.patients()][1::2] == ["B-1", "B-2"]


async def test_the_same_number_twice_is_refused(importing: Importing) -> None:
    _, report = await importing("patient", [{**ANNA, "Mobile": "0171 2345678", "Home": "+49 171 2345678"}])

    assert [(line["code"], line["field"]) for line in report] == [("duplicate", "phone_numbers")]


async def test_families_share_a_number(importing: Importing) -> None:
    rows = [{**ANNA, "No": str(number), "Mobile": "0171 2345678"} for number in range(3)]
    counts, _ = await importing("patient", rows)

    assert counts.added == 3


async def test_a_second_run_takes_nothing_twice_and_takes_what_was_corrected(importing: Importing) -> None:
    bad = {**ANNA, "No": "2", "Born": "?"}
    first, _ = await importing("patient", [ANNA, bad])
    second, _ = await importing("patient", [ANNA, bad])
    third, report = await importing("patient", [ANNA, {**bad, "Born": "24.12.1990"}])

    assert (first.added, first.refused) == (1, 1)
    assert (second.added, second.known, second.refused) == (0, 1, 1)
    assert (third.added, third.known, third.refused, report) == (1, 1, 0, [])
    assert len(await importing.patients()) == 2


async def test_a_row_that_changed_is_reported_and_left_alone(importing: Importing) -> None:
    await importing("patient", [ANNA])
    counts, report = await importing("patient", [{**ANNA, "Surname": "Meier"}])

    assert (counts.changed, counts.rows) == (1, 1)
    assert report == [
        {
            "row": "2",
            "source_id": "1",
            "code": "changed",
            "field": "",
            "message": "was imported with other content: left as it is",
        }
    ]
    assert [patient["last_name"] for patient in await importing.patients()] == ["Müller"]


async def test_one_id_twice_in_a_file_goes_in_once(importing: Importing) -> None:
    counts, report = await importing("patient", [ANNA, ANNA, {**ANNA, "Surname": "Meier"}])

    assert (counts.added, counts.known, counts.changed) == (1, 1, 1)
    assert [(line["row"], line["code"]) for line in report] == [("4", "changed")]


async def test_another_source_has_ids_of_its_own(importing: Importing) -> None:
    await importing("patient", [ANNA])
    counts, _ = await importing("patient", [ANNA], PATIENTS.replace('"old"', '"older"'))

    assert counts.added == 1


async def test_the_audit_log_says_who_and_in_which_run(api: Api, importing: Importing) -> None:
    await importing("patient", [{**ANNA, "Mobile": "0171 2345678"}], username="Receptionist")
    (started,) = await api.audited(action="import")
    made = await api.audited(request_id=started["request_id"])

    assert (started["entity"], started["after"]) == ("patient", {"source": "old", "file": "file.csv"})
    assert {entry["entity"] for entry in made if entry["action"] == "create"} == {"patient", "patient_phone"}
    assert {(entry["actor_id"], entry["session_id"]) for entry in made} == {(api.user_ids["receptionist"], None)}


async def test_a_dry_run_reports_the_same_and_changes_nothing(api: Api, importing: Importing) -> None:
    await make.patient(api, register_number="A-7")
    rows = [ANNA, {**ANNA, "No": "2", "Register": "A-7"}, {**ANNA, "No": "3", "Born": "?"}]
    rows += [{**ANNA, "No": "4", "Register": "B"}, {**ANNA, "No": "5", "Register": "b"}]
    await api.services.trail.flush()
    before = digests(importing, "before")
    rehearsed, expected = await importing("patient", rows, is_dry_run=True)
    after = digests(importing, "after")
    counts, report = await importing("patient", rows)

    assert after == before
    assert digests(importing, "in") != before
    assert rehearsed == counts
    assert expected == report
    assert (counts.added, counts.refused) == (2, 3)


def digests(importing: Importing, name: str) -> list[TableDigest]:
    """The rows and a digest of every table."""
    return backup(importing.api.owner_url, importing.folder / name).tables


async def test_the_report_holds_no_formula(importing: Importing) -> None:
    _, report = await importing("patient", [{**ANNA, "No": "=1+1", "Born": "?"}])

    assert report[0]["source_id"] == "'=1+1"


async def test_the_report_is_for_its_owner_only(importing: Importing) -> None:
    await importing("patient", [ANNA])

    assert (importing.folder / "report.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "iso8859-15", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_encodings_and_delimiters(encoding: str, delimiter: str, importing: Importing) -> None:
    text = text_of("patient", [{**ANNA, "Street": 'Am "Tor", 3; b|c'}], delimiter)
    named = "utf-8" if encoding == "utf-8-sig" else encoding
    mapping = f'encoding = "{named}"\ndelimiter = "{delimiter}"\n'.replace("\t", "\\t") + PATIENTS
    counts, report = await importing("patient", text.encode(encoding), mapping)

    assert (counts.added, report) == (1, [])
    assert [(each["last_name"], each["address"]) for each in await importing.patients()] == [
        ("Müller", 'Am "Tor", 3; b|c')
    ]


async def test_bytes_of_another_encoding_spoil_their_row_only(importing: Importing) -> None:
    rows = [ANNA, {**ANNA, "No": "2", "Surname": "Meier"}, {**ANNA, "No": "3", "Surname": "Maier"}]
    file = text_of("patient", rows).encode("cp1252")
    counts, report = await importing("patient", file)

    assert (counts.added, counts.refused) == (2, 1)
    assert [(line["row"], line["message"]) for line in report] == [("2", "is not utf-8")]


async def test_what_can_not_be_read_as_csv_costs_its_rows_only(importing: Importing) -> None:
    header, good = text_of("patient", [ANNA]).splitlines()
    lines = [header, good, '2,"Otto" Meier,Meier' + "," * 11, "", "3,Eva,Kurz", good.replace("1", "4", 1)]
    counts, report = await importing("patient", "\n".join(lines).encode())

    assert (counts.added, counts.refused) == (2, 2)
    assert [(line["row"], line["message"]) for line in report] == [
        ("3", "lines 3 to 3 can't be read: ',' expected after '\"'"),
        ("5", "has 3 cells, the header 14"),
    ]


async def test_a_quote_that_is_never_closed_is_told(importing: Importing) -> None:
    header, good = text_of("patient", [ANNA]).splitlines()
    counts, report = await importing("patient", "\n".join([header, good, '2,"Otto', good]).encode())

    assert (counts.added, counts.refused) == (1, 1)
    assert report[0]["message"] == "lines 3 to 4 can't be read: unexpected end of data"


async def test_constants_are_said_by_every_row(importing: Importing) -> None:
    mapping = PATIENTS.replace('note = "Remark"\n', "") + '[constants]\nnote = "from the old practice"\n'
    await importing("patient", [ANNA], mapping)

    assert [patient["note"] for patient in await importing.patients()] == ["from the old practice"]
