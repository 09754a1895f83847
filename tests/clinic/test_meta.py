"""GET /clinic/meta."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.api import Api, problem

PATH = "/clinic/meta"
ALWAYS = [{"weekday": day, "opens": "00:00", "closes": "24:00"} for day in range(1, 8)]


async def test_meta_is_shown_to_everybody_who_is_logged_in(api: Api) -> None:
    settings = (await api.admin.get("/clinic/settings")).json()
    del settings["reminder_offsets_minutes"], settings["closures"]

    answer = await api.patient.get(PATH)

    meta = answer.json()
    assert answer.status_code == 200
    assert meta == settings | {
        "now": meta["now"],
        "utc_offset": "+00:00",
        "open_now": meta["open_now"],
        "next_open_at": meta["next_open_at"],
        "service_types": [],
        "roles": ["admin", "manager", "doctor", "assistant", "receptionist", "patient"],
        "appointment_statuses": ["booked", "confirmed", "came", "finished", "cancelled", "no_show"],
        "contact_types": ["patient", "prospect", "employee", "supplier", "other"],
        "tooth_systems": ["FDI", "universal", "palmer"],
        "payment_methods": ["cash", "card", "transfer", "insurance", "other"],
        "genders": ["female", "male", "other", "unknown"],
    }
    assert (await api.receptionist.get(PATH)).json().keys() == meta.keys()
    problem(await api.anonymous.get(PATH), 401, "unauthenticated")


@pytest.mark.parametrize(
    "timezone,offset",
    [
        ("Asia/Kathmandu", "+05:45"),
        ("Pacific/Marquesas", "-09:30"),
        ("Asia/Tokyo", "+09:00"),
        ("America/Phoenix", "-07:00"),
    ],
)
async def test_the_clock_is_the_clinics(api: Api, timezone: str, offset: str) -> None:
    await api.admin.patch("/clinic/settings", json={"timezone": timezone})

    meta = (await api.admin.get(PATH)).json()

    assert (meta["timezone"], meta["utc_offset"]) == (timezone, offset)
    assert meta["now"].endswith(offset)


async def set_hours(api: Api, hours: list[dict[str, Any]], closed: list[tuple[int, int]]) -> dict[str, Any]:
    """Meta of a clinic with these hours, closed from and to these days from today."""
    today = datetime.now(ZoneInfo("Europe/Berlin")).date()
    closures = [
        {"starts_on": str(today + timedelta(days=first)), "ends_on": str(today + timedelta(days=last))}
        for first, last in closed
    ]
    body = {"timezone": "Europe/Berlin", "business_hours": hours, "closures": closures}
    answer = await api.admin.patch("/clinic/settings", json=body)
    assert answer.status_code == 200, answer.text
    meta: dict[str, Any] = (await api.admin.get(PATH)).json()
    return meta


def local_midnight(meta: dict[str, Any], days: int, hour: int = 0) -> str:
    zone = ZoneInfo("Europe/Berlin")
    day = datetime.fromisoformat(meta["now"]).date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour, tzinfo=zone).isoformat()


async def test_a_clinic_that_never_closes_does_not_open_either(api: Api) -> None:
    meta = await set_hours(api, ALWAYS, [])

    assert (meta["open_now"], meta["next_open_at"]) == (True, None)


async def test_a_clinic_without_hours_never_opens(api: Api) -> None:
    meta = await set_hours(api, [], [])

    assert (meta["open_now"], meta["next_open_at"]) == (False, None)


async def test_it_opens_when_a_far_closure_ends(api: Api) -> None:
    meta = await set_hours(api, ALWAYS, [(400, 420)])

    assert meta["open_now"] is True
    assert meta["next_open_at"] == local_midnight(meta, 421)


async def test_closures_are_skipped_one_after_the_other(api: Api) -> None:
    meta = await set_hours(api, ALWAYS, [(0, 3), (4, 500)])

    assert meta["open_now"] is False
    assert meta["next_open_at"] == local_midnight(meta, 501)


async def test_the_next_opening_may_be_a_week_after_a_closure(api: Api) -> None:
    weekday = datetime.now(ZoneInfo("Europe/Berlin")).isoweekday()
    hours = [{"weekday": weekday, "opens": "09:00", "closes": "09:01"}]

    meta = await set_hours(api, hours, [(0, 7)])

    assert meta["open_now"] is False
    assert meta["next_open_at"] == local_midnight(meta, 14, hour=9)


async def test_intervals_that_touch_are_one(api: Api) -> None:
    halves = [
        {"weekday": day, "opens": opens, "closes": closes}
        for day in range(1, 8)
        for opens, closes in (("00:00", "12:00"), ("12:00", "24:00"))
    ]

    meta = await set_hours(api, halves, [(1, 1)])

    assert meta["open_now"] is True
    assert meta["next_open_at"] == local_midnight(meta, 2)


async def test_hours_that_the_clocks_skip_are_no_error(api: Api) -> None:
    hours = [{"weekday": 7, "opens": "02:15", "closes": "03:10"}]
    today = datetime.now(ZoneInfo("Europe/Berlin")).date()
    spring = next(day for n in range(31) if (day := date(today.year + 1, 3, 31) - timedelta(days=n)).isoweekday() == 7)
    days = (spring - today).days

    meta = await set_hours(api, hours, [(0, days - 1)])

    # 02:15 does not exist on that day: by the offset before it would be 03:15, when the clinic has closed
    assert meta["next_open_at"] == local_midnight(meta, days + 7).replace("T00:00", "T02:15")
