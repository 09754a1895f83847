"""The parameters of searches, read."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcms.fhir.searching import codes, days_between, ids_of, instants_between, references
from dcms.fhir.slots import read_slot_id, slot_id
from dcms.web.problems import Invalid

BERLIN = ZoneInfo("Europe/Berlin")
DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))
INSTANTS = st.integers(-2_000_000_000_000_000, 4_000_000_000_000_000).map(
    lambda number: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=number)
)
# what each prefix says of a value that covers [first, after), by the words of the specification
MEANINGS = {
    "": lambda at, first, after: first <= at < after,
    "eq": lambda at, first, after: first <= at < after,
    "ge": lambda at, first, after: at >= first,
    "gt": lambda at, first, after: at >= after,
    "sa": lambda at, first, after: at >= after,
    "le": lambda at, first, after: at < after,
    "lt": lambda at, first, after: at < first,
    "eb": lambda at, first, after: at < first,
}


@given(st.lists(st.tuples(st.sampled_from(sorted(MEANINGS)), DAYS), max_size=3), DAYS)
def test_days_obey_every_value(values: list[tuple[str, date]], day: date) -> None:
    since, before = days_between("birthdate", [f"{prefix}{value}" for prefix, value in values])

    is_found = (since is None or day >= since) and (before is None or day < before)
    assert is_found == all(MEANINGS[prefix](day, value, value + timedelta(days=1)) for prefix, value in values)


@given(st.sampled_from(sorted(MEANINGS)), INSTANTS, INSTANTS, st.sampled_from(["minutes", "seconds", "microseconds"]))
def test_instants_mean_as_much_as_they_are_precise(prefix: str, value: datetime, at: datetime, unit: str) -> None:
    since, before = instants_between("date", [prefix + value.isoformat(timespec=unit)], BERLIN)
    first = datetime.fromisoformat(value.isoformat(timespec=unit))
    after = first + timedelta(**{unit: 1})

    for moment in (at, first, after, first - timedelta(microseconds=1), after - timedelta(microseconds=1)):
        is_found = (since is None or moment >= since) and (before is None or moment < before)
        assert is_found == MEANINGS[prefix](moment, first, after)


def test_a_year_and_a_month_are_all_of_their_days() -> None:
    assert days_between("birthdate", ["1990"]) == (date(1990, 1, 1), date(1991, 1, 1))
    assert days_between("birthdate", ["1990-12"]) == (date(1990, 12, 1), date(1991, 1, 1))
    assert days_between("birthdate", ["ge1990-02", "lt1991"]) == (date(1990, 2, 1), date(1991, 1, 1))
    assert days_between("birthdate", None) == (None, None)


def test_a_day_is_the_clinics_also_when_the_clock_changes() -> None:
    since, before = instants_between("date", ["2026-10-25"], BERLIN)

    assert since == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert before == datetime(2026, 10, 25, 23, tzinfo=UTC)


def test_an_offset_that_was_not_escaped_is_understood() -> None:
    plus, space = (instants_between("date", [f"2026-11-23T09:00:00{sign}01:00"], BERLIN) for sign in "+ ")

    assert plus == space


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "ne2026-11-23",
        "ap2026-11-23",
        "2026-13",
        "2026-02-30",
        "26-11-23",
        "0001",
        "9999-12-31",
        "2026-11-23T09:00",
        "2026-11-23T09",
        "2026-11-23T09:00:00",
        "2026-11-23T25:00Z",
        "2026-11-23T09:00.5Z",
        "2026-11-23T09:00:00+99:00",
        "0000-01-01T00:00Z",
        "٢٠٢٦",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        instants_between("date", [text], BERLIN)


def test_references_are_ids_by_kind() -> None:
    base = "https://clinic.example/fhir"

    assert references("actor", None, base, "Patient") is None
    assert references("actor", f"1,Patient/2,{base}/Patient/3,Practitioner/4", base, "Patient", "Practitioner") == {
        "Patient": [1, 2, 3],
        "Practitioner": [4],
    }
    for wrong in ("x", "", "0", "Patient/", "Group/1", "https://elsewhere.example/fhir/Patient/1", str(2**63), "01"):
        with pytest.raises(Invalid):
            references("patient", wrong, base, "Patient")


def test_ids_that_can_be_none_name_nothing() -> None:
    assert ids_of(None) is None
    assert ids_of("1,abc,02,2") == [1, 2]
    assert ids_of("abc") == []


def test_codes_are_fhirs() -> None:
    assert codes("status", None, {"a"}) is None
    assert codes("status", "a,b", {"a", "b"}) == ["a", "b"]
    with pytest.raises(Invalid):
        codes("status", "a,c", {"a", "b"})


@given(st.integers(1, 10**17), INSTANTS)
def test_the_id_of_a_slot_tells_whose_it_is_and_when(doctor_id: int, at: datetime) -> None:
    text = slot_id(doctor_id, at)

    assert read_slot_id(text) == (doctor_id, at.replace(microsecond=0))
    assert len(text) <= 64


@pytest.mark.parametrize("text", ["", "1", "1-", "0-20261123T080000Z", "1-20261323T080000Z", "1-20261123T080000", "x"])
def test_another_id_is_no_slots(text: str) -> None:
    assert read_slot_id(text) is None
