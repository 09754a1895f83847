"""GET /availability."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from dcms.database.queries import queries
from tests import make
from tests.api import Api, bad_fields, problem
from tests.make import workday
from tests.plans import buffers

SQL = queries("availability")


async def starts(api: Api, **query: Any) -> list[str]:
    """The times of day of the free slots."""
    answer = await api.receptionist.get("/availability", params=query)
    assert answer.status_code == 200, answer.text
    return [slot["starts_at"][11:16] for slot in answer.json()["slots"]]


def day(number: int = 0) -> str:
    """A workday."""
    return workday(day=number).date().isoformat()


async def test_free_slots_are_offered_on_the_grid(api: Api) -> None:
    await make.settings(api, timezone="Europe/Berlin", slot_step_minutes=20)
    doctor_id = await make.doctor(api)
    await make.working_hours(api, doctor_id, (1, "08:00", "10:00"))
    await make.appointment(api, doctor_id=doctor_id, starts_at=workday(8, 50, zone="Europe/Berlin"), duration_min=20)

    answer = await api.assistant.get(
        "/availability", params={"date": day(), "doctor_id": doctor_id, "duration_min": 30}
    )

    assert answer.status_code == 200, answer.text
    starts_at = [workday(*time, zone="Europe/Berlin") for time in ((8, 0), (8, 20), (9, 20))]
    assert answer.json() == {
        "slots": [
            {
                "doctor_id": doctor_id,
                "starts_at": each.isoformat(),
                "ends_at": (each + timedelta(minutes=30)).isoformat(),
            }
            for each in starts_at
        ],
        "next_available": None,
    }


async def test_slots_of_several_doctors_come_by_start_then_doctor(api: Api) -> None:
    first, second, other = [await make.doctor(api) for _ in range(3)]
    for doctor_id, opens in ((first, "08:30"), (second, "08:00"), (other, "08:00")):
        await make.working_hours(api, doctor_id, (1, opens, "09:00"), (2, opens, "09:00"))
    query: dict[str, Any] = {"from": day(), "to": day(1), "doctor_id": [first, second], "limit": 5}

    answer = await api.receptionist.get("/availability", params=query)

    found = [(slot["starts_at"], slot["doctor_id"]) for slot in answer.json()["slots"]]
    assert found == [
        (workday(8).isoformat().replace("+00:00", "Z"), second),
        (workday(8, 15).isoformat().replace("+00:00", "Z"), second),
        (workday(8, 30).isoformat().replace("+00:00", "Z"), first),
        (workday(8, 30).isoformat().replace("+00:00", "Z"), second),
        (workday(8, day=1).isoformat().replace("+00:00", "Z"), second),
    ]


async def test_the_archived_and_the_not_bookable_are_not_offered(api: Api) -> None:
    await make.doctor(api, is_bookable=False)
    await make.doctor(api, archived_at=datetime.now(UTC))

    answer = await api.receptionist.get("/availability", params={"date": day()})

    assert answer.json() == {"slots": [], "next_available": None}


async def test_the_buffer_keeps_the_next_one_away_on_both_sides(api: Api) -> None:
    await make.settings(api, buffer_minutes=10, slot_step_minutes=10)
    doctor_id = await make.doctor(api)
    await make.working_hours(api, doctor_id, (1, "08:00", "10:00"))
    await make.appointment(api, doctor_id=doctor_id, starts_at=workday(8, 50), duration_min=20)

    assert await starts(api, date=day()) == ["08:00", "08:10", "09:20", "09:30"]


async def test_a_chair_a_service_and_the_length_of_services_count(api: Api) -> None:
    doctor_id = await make.doctor(api)
    await make.working_hours(api, doctor_id, (1, "08:00", "10:00"))
    chair_id = await make.chair_id(api)
    await make.appointment(api, chair_id=chair_id, starts_at=workday(8, 30))
    service_id = await make.service_id(api, duration_min=45)
    disabled = await make.service_id(api, is_active=False)

    assert await starts(api, date=day(), doctor_id=doctor_id, chair_id=chair_id, service_id=service_id) == [
        "09:00",
        "09:15",
    ]
    assert len(await starts(api, date=day(), doctor_id=doctor_id, service_id=[service_id, service_id])) == 3
    for given in (
        {"service_id": disabled},
        {"service_id": 9999},
        {"chair_id": 9999},
        {"chair_id": await make.chair_id(api, is_active=False)},
        {"service_id": [service_id] * 17},
    ):
        assert await starts(api, **{"date": day(), "doctor_id": doctor_id, **given}) == []


async def test_windows_are_at_least_as_long_as_asked(api: Api) -> None:
    doctor_id = await make.doctor(api)
    await make.working_hours(api, doctor_id, (1, "08:00", "10:00"), (2, "08:07", "08:37"))
    await make.appointment(api, doctor_id=doctor_id, starts_at=workday(8, 20))

    query: dict[str, Any] = {"from": day(), "to": day(1), "duration_min": 30, "view": "windows"}
    answer = await api.receptionist.get("/availability", params=query)

    found = [(window["starts_at"][11:16], window["ends_at"][11:16]) for window in answer.json()["windows"]]
    assert found == [("08:50", "10:00"), ("08:07", "08:37")]
    assert answer.json()["next_available"] is None


async def test_when_nothing_is_free_the_next_day_is_named(api: Api) -> None:
    doctor_id = await make.doctor(api)
    await make.working_hours(api, doctor_id, (3, "08:00", "10:00"))

    slots = (await api.receptionist.get("/availability", params={"date": day()})).json()
    windows = (await api.receptionist.get("/availability", params={"date": day(), "view": "windows"})).json()
    never = (await api.receptionist.get("/availability", params={"date": day(), "duration_min": 121})).json()

    assert slots == {"slots": [], "next_available": day(2)}
    assert windows == {"windows": [], "next_available": day(2)}
    assert never == {"slots": [], "next_available": None}


async def test_nothing_is_offered_before_the_notice_or_beyond_the_horizon(api: Api) -> None:
    doctor_id = await make.doctor(api)
    await make.working_hours(api, doctor_id, *((weekday, "00:00", "24:00") for weekday in range(1, 8)))
    await make.settings(api, booking_min_notice_minutes=60 * 30, booking_horizon_days=3)
    now = datetime.now(UTC)

    answer = await api.receptionist.get("/availability", params={"from": "1900-01-01", "to": "1900-02-01"})
    assert answer.json()["slots"] == []
    assert answer.json()["next_available"] == (now + timedelta(hours=30, minutes=15)).date().isoformat()

    answer = await api.receptionist.get("/availability", params={"limit": 2000, "from": now.date().isoformat()})
    found = [datetime.fromisoformat(slot["starts_at"]) for slot in answer.json()["slots"]]
    assert now + timedelta(hours=30) <= found[0] < now + timedelta(hours=30, minutes=16)
    assert now + timedelta(days=3, minutes=-16) < found[-1] < now + timedelta(days=3, seconds=5)


async def test_of_days_that_are_over_or_too_far_ahead_no_window_is_offered(api: Api) -> None:
    doctor_id = await make.doctor(api)
    await make.working_hours(api, doctor_id, *((weekday, "00:00", "24:00") for weekday in range(1, 8)))
    await make.settings(api, booking_min_notice_minutes=2880, booking_horizon_days=10)
    today = datetime.now(UTC).date()

    for days, is_followed in ((-3000, True), (-2, True), (0, True), (12, False), (300, False)):
        wanted = {"date": (today + timedelta(days=days)).isoformat(), "view": "windows"}
        answer = await api.receptionist.get("/availability", params=wanted)
        assert answer.status_code == 200, answer.text
        assert answer.json()["windows"] == []
        assert (answer.json()["next_available"] is not None) == is_followed
    assert (await api.receptionist.get("/availability", params={"view": "windows"})).status_code == 200


async def test_nor_is_one_however_the_statement_is_planned_for_many_doctors(api: Api) -> None:
    await api.owner.execute(
        """
        insert into employee (first_name, last_name, is_bookable)
        select 'Eva', number::text, true from generate_series(1, 40) as number;
        insert into working_hours (employee_id, weekday, opens, closes, valid_from)
        select employee_id, weekday, '08:00', '17:00', '2020-01-01'
        from employee
        cross join generate_series(1, 5) as weekday;
        insert into time_off (employee_id, starts_at, ends_at)
        select employee_id, now() + number * interval '10 days', now() + number * interval '10 days' + interval '1 hour'
        from employee
        cross join generate_series(1, 20) as number;
        analyze
        """
    )
    today = datetime.now(UTC).date()

    for days in (-30, 3000):
        wanted = {"date": (today + timedelta(days=days)).isoformat(), "view": "windows"}
        answer = await api.receptionist.get("/availability", params=wanted)
        assert answer.status_code == 200, answer.text
        assert answer.json()["windows"] == []


async def test_a_window_begins_and_ends_where_it_can_be_booked(api: Api) -> None:
    doctor_id = await make.doctor(api)
    await make.working_hours(api, doctor_id, *((weekday, "00:00", "24:00") for weekday in range(1, 8)))
    await make.settings(api, booking_min_notice_minutes=90, booking_horizon_days=2)
    patient_id = (await make.patient(api))["patient_id"]
    length = timedelta(minutes=60)
    before = datetime.now(UTC)

    answer = await api.receptionist.get(
        "/availability", params={"from": before.date().isoformat(), "view": "windows", "duration_min": 60}
    )

    [window] = answer.json()["windows"]
    opens, closes = (datetime.fromisoformat(window[edge]) for edge in ("starts_at", "ends_at"))
    assert (opens.second, opens.microsecond, closes.second, closes.microsecond) == (0, 0, 0, 0)
    # a whole minute is left to book the first start, however late in its minute one asks
    assert before + timedelta(minutes=91) <= opens <= datetime.now(UTC) + timedelta(minutes=92)
    for starts in (opens, closes - length):
        body = {"patient_id": patient_id, "doctor_id": doctor_id, "starts_at": starts.isoformat(), "duration_min": 60}
        assert (await api.receptionist.post("/appointments", json=body)).status_code == 201
    late = closes - length + timedelta(minutes=1)
    assert late > before + timedelta(days=2)


def next_change(zone: str, *, hours: int) -> date:
    """The next day of a zone that has so many hours."""
    days = [datetime.now(UTC).date() + timedelta(days=number) for number in range(2, 370)]
    midnights = [datetime.combine(each, time(), ZoneInfo(zone)).astimezone(UTC) for each in days]
    lengths = (after - before for before, after in pairwise(midnights))
    return next(each for each, length in zip(days, lengths, strict=False) if length == timedelta(hours=hours))


async def night(api: Api, zone: str, hours: int) -> tuple[int, date]:
    """A doctor who works from midnight to 4 on the next day of a zone that has so many hours."""
    changed = next_change(zone, hours=hours)
    await make.settings(api, timezone=zone, slot_step_minutes=30, booking_horizon_days=400)
    doctor_id = await make.doctor(api)
    await make.working_hours(api, doctor_id, (changed.isoweekday(), "00:00", "04:00"))
    return doctor_id, changed


async def test_a_local_time_that_does_not_exist_is_skipped(api: Api) -> None:
    _, changed = await night(api, "Europe/Berlin", 23)

    free = await starts(api, date=changed.isoformat())

    assert free == ["00:00", "00:30", "01:00", "01:30", "03:00", "03:30"]


async def test_of_a_local_time_that_occurs_twice_the_first_free_instant_is_offered(api: Api) -> None:
    doctor_id, changed = await night(api, "Europe/Berlin", 25)
    query = {"date": changed.isoformat()}

    async def at_two() -> list[str]:
        slots = (await api.receptionist.get("/availability", params=query)).json()["slots"]
        return [slot["starts_at"][11:] for slot in slots if slot["starts_at"][11:13] == "02"]

    async def book(starts_at: str) -> None:
        await make.appointment(api, doctor_id=doctor_id, starts_at=f"{changed}T{starts_at}")

    assert await at_two() == ["02:00:00+02:00", "02:30:00+02:00"]
    # the second one can be booked as well
    await book("02:30:00+01:00")
    assert await at_two() == ["02:00:00+02:00", "02:30:00+02:00"]
    await book("02:00:00+02:00")
    assert await at_two() == ["02:30:00+02:00", "02:00:00+01:00"]
    await book("02:30:00+02:00")
    await book("02:00:00+01:00")
    assert await at_two() == []


async def test_a_long_time_costs_no_more_than_the_slots_asked_for(api: Api) -> None:
    for _ in range(20):
        await make.doctor(api)
    await api.owner.execute("analyze employee")

    async def cost(days: int) -> int:
        values: dict[str, Any] = {
            "first_day": workday().date(),
            "last_day": workday(day=days - 1).date(),
            "doctor_ids": None,
            "chair_id": None,
            "service_ids": [],
            "duration_min": 30,
            "limit": 50,
        }
        return await buffers(api, SQL.slots, values)

    assert await cost(30) < 1.5 * await cost(1)


async def test_bad_parameters_are_named(api: Api) -> None:
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({"date": "today", "limit": 2001, "duration_min": 4, "chair": 1}, {"date", "limit", "duration_min", "chair"}),
        ({"doctor_id": ["1", "x"], "view": "grid", "service_id": 0}, {"doctor_id", "view", "service_id"}),
        ({"date": day(), "from": day()}, {"date"}),
        ({"from": day(1), "to": day()}, {"to"}),
        ({"from": "2026-01-01", "to": "2026-03-04"}, {"to"}),
    ]
    for query, fields in cases:
        assert bad_fields(await api.receptionist.get("/availability", params=query)) == fields
    assert (await api.receptionist.get("/availability?from=2026-01-01&to=2026-03-03")).status_code == 200


async def test_a_patients_login_may_look(api: Api) -> None:
    patient = await make.patient(api)
    client = await api.own_patient(patient["patient_id"])

    assert (await client.get("/availability")).status_code == 200
    problem(await api.anonymous.get("/availability"), 401, "unauthenticated")
