"""The text of a feed: RFC 5545, checked with the library `icalendar`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from dcms.calendar_feeds.ics import calendar, fold, instant
from dcms.calendar_feeds.structs import FeedEvent

NINE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)


def event(**fields: Any) -> FeedEvent:
    """An appointment as a feed knows it."""
    given: dict[str, Any] = {
        "appointment_id": 1,
        "starts_at": NINE,
        "ends_at": NINE + timedelta(minutes=30),
        "status": "confirmed",
        "created_at": NINE,
        "updated_at": NINE,
        "version": 3,
        "patient_id": None,
        "initials": None,
        "services": [],
    }
    return FeedEvent(**given | fields)


def parsed(text: bytes) -> Any:
    """What a calendar program reads."""
    found: Any = icalendar.Calendar.from_ical(text)
    assert isinstance(found, icalendar.Calendar)
    assert found.errors == []
    assert [fault for each in found.walk() for fault in each.errors] == []
    return found


def spoken(text: str) -> str:
    """A text without what no calendar may hold, line ends as `\\n`."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    for mark in "\u0085\u2028\u2029":
        lines = lines.replace(mark, "\n")
    return "".join(each for each in lines if each == "\n" or (ord(each) >= 0x20 and ord(each) != 0x7F))


def test_an_event_is_written_whole() -> None:
    text = calendar("Dr. Eva Braun", "Europe/Berlin", "clinic.example", [event()])

    assert text.decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//dcms//calendar feed//EN",
        "CALSCALE:GREGORIAN",
        "NAME:Dr. Eva Braun",
        "X-WR-CALNAME:Dr. Eva Braun",
        "X-WR-TIMEZONE:Europe/Berlin",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "X-PUBLISHED-TTL:PT15M",
        "BEGIN:VEVENT",
        "UID:appointment-1@clinic.example",
        "DTSTAMP:20261123T080000Z",
        "CREATED:20261123T080000Z",
        "LAST-MODIFIED:20261123T080000Z",
        "SEQUENCE:3",
        "DTSTART:20261123T080000Z",
        "DTEND:20261123T083000Z",
        "SUMMARY:Appointment",
        "STATUS:CONFIRMED",
        "CLASS:PRIVATE",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=3))
def test_a_program_reads_the_texts_that_were_written(name: str, initials: str, services: list[str]) -> None:
    events = [event(initials=initials, services=services), event(initials=name)]
    text = calendar(name, "Europe/Berlin", "clinic.example", events)
    summary = " · ".join([initials, ", ".join(services)]) if services else initials

    read = parsed(text)

    # the library leaves the escapes of a calendar's name
    assert read.events[1]["SUMMARY"] == spoken(name)
    assert read.events[0]["SUMMARY"] == spoken(summary)
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    assert text.replace(b"\r\n", b"").count(b"\n") == text.replace(b"\r\n", b"").count(b"\r") == 0


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=400))
def test_a_line_is_folded_between_characters(line: str) -> None:
    parts = fold(line).removesuffix(b"\r\n").split(b"\r\n ")

    assert "".join(part.decode() for part in parts) == line
    assert [len(part) <= 75 - (index > 0) for index, part in enumerate(parts)] == [True] * len(parts)


def test_what_is_only_booked_is_tentative() -> None:
    statuses = {
        status: parsed(calendar("x", "UTC", "h", [event(status=status)])).events[0]["STATUS"]
        for status in ("booked", "confirmed", "came", "finished")
    }

    assert statuses == {"booked": "TENTATIVE"} | dict.fromkeys(("confirmed", "came", "finished"), "CONFIRMED")


def test_both_sides_of_a_change_of_the_clock_are_the_right_instants() -> None:
    # in Berlin the clock goes back at 01:00 UTC on 25 October 2026
    before, after = (datetime.fromisoformat(f"2026-10-25T02:30:00+0{offset}:00") for offset in (2, 1))

    assert (instant(before), instant(after)) == ("20261025T003000Z", "20261025T013000Z")
