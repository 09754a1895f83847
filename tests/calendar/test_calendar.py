"""GET /calendar/day, /calendar/week, /calendar/month and /doctors/{employee_id}/calendar."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dcms.database.queries import Query, queries
from tests import make
from tests.api import Api, bad_fields, problem
from tests.make import workday
from tests.plans import buffers

SQL = queries("calendar")

BERLIN = "Europe/Berlin"


def at(hour: int, minute: int = 0, day: int = 0) -> datetime:
    """A time of a workday in Berlin."""
    return workday(hour, minute, day=day, zone=BERLIN)


def stretch(first: datetime, last: datetime) -> dict[str, str]:
    """A time, as answers show it."""
    return {"starts_at": first.isoformat(), "ends_at": last.isoformat()}


async def get(api: Api, path: str, **query: Any) -> Any:
    """A calendar."""
    answer = await api.assistant.get(path, params=query or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_day_shows_every_active_doctor_and_whoever_has_an_appointment(api: Api) -> None:
    await make.settings(api, timezone=BERLIN, buffer_minutes=15)
    busy = await make.doctor(api, last_name="Busy", color="#112233")
    idle = await make.doctor(api, last_name="Idle")
    gone = await make.doctor(api, last_name="Gone")
    await make.doctor(api, last_name="Nobody", is_bookable=False)
    await make.working_hours(api, busy, (1, "08:00", "12:00"), (1, "13:00", "17:00"))
    await make.working_hours(api, idle, (2, "08:00", "12:00"))
    await api.owner.execute(
        "insert into time_off (employee_id, starts_at, ends_at) values ($1, $2, $3)", busy, at(16), at(20)
    )
    early = await make.appointment(api, doctor_id=busy, starts_at=at(8))
    late = await make.appointment(api, doctor_id=busy, starts_at=at(11, 30), duration_min=120, allow_outside_hours=True)
    last = await make.appointment(api, doctor_id=gone, starts_at=at(9))
    cancelled = await make.appointment(api, doctor_id=idle, starts_at=at(9), allow_outside_hours=True)
    await api.receptionist.post(f"/appointments/{cancelled['appointment_id']}/cancel")
    await make.appointment(api, doctor_id=busy, starts_at=at(9, day=7))
    await api.owner.execute("update employee set archived_at = now() where employee_id = $1", gone)

    day = await get(api, "/calendar/day", date=at(0).date().isoformat())

    assert day == {
        "date": at(0).date().isoformat(),
        "doctors": [
            {
                "doctor": {"employee_id": busy, "name": "Dr. Eva Busy", "color": "#112233"},
                "working": [stretch(at(8), at(12)), stretch(at(13), at(16))],
                "appointments": [early, late],
                "free": [stretch(at(8, 30), at(11, 30)), stretch(at(13, 30), at(16))],
            },
            {
                "doctor": {"employee_id": gone, "name": "Dr. Eva Gone", "color": "#4f7cac"},
                "working": [stretch(at(8), at(18))],
                "appointments": [last],
                "free": [stretch(at(8), at(9)), stretch(at(9, 30), at(18))],
            },
            {
                "doctor": {"employee_id": idle, "name": "Dr. Eva Idle", "color": "#4f7cac"},
                "working": [],
                "appointments": [],
                "free": [],
            },
        ],
    }
    query = {"date": at(0).date().isoformat(), "include_cancelled": "true", "doctor_id": [idle, 9999]}
    [shown] = (await get(api, "/calendar/day", **query))["doctors"]
    assert [each["appointment_id"] for each in shown["appointments"]] == [cancelled["appointment_id"]]


async def test_a_week_is_seven_such_days_from_any_day(api: Api) -> None:
    await make.settings(api, timezone=BERLIN)
    doctor_id = await make.doctor(api)
    await make.appointment(api, doctor_id=doctor_id, starts_at=at(9, day=2))
    await make.appointment(api, doctor_id=doctor_id, starts_at=at(23, 30, day=3), allow_outside_hours=True)
    start = at(0, day=2).date()

    week = await get(api, "/calendar/week", start=start.isoformat())

    assert week["start"] == start.isoformat()
    assert [day["date"] for day in week["days"]] == [
        (start + timedelta(days=number)).isoformat() for number in range(7)
    ]
    for day in week["days"]:
        assert day == await get(api, "/calendar/day", date=day["date"])
    assert [len(day["doctors"][0]["appointments"]) for day in week["days"]] == [1, 1, 0, 0, 0, 0, 0]


async def test_what_lasts_over_midnight_belongs_to_both_days(api: Api) -> None:
    await make.settings(api, timezone=BERLIN)
    doctor_id = await make.doctor(api)
    night = await make.appointment(
        api, doctor_id=doctor_id, starts_at=at(23, 30), duration_min=60, allow_outside_hours=True
    )

    week = await get(api, "/calendar/week", start=at(0).date().isoformat())
    month = await get(api, "/calendar/month", month=at(0).strftime("%Y-%m"))

    assert [day["doctors"][0]["appointments"] for day in week["days"][:3]] == [[night], [night], []]
    minutes = {day["date"]: day["booked_minutes"] for day in month["days"]}
    assert minutes[at(0).date().isoformat()] == 30


async def test_a_month_counts_appointments_and_minutes(api: Api) -> None:
    await make.settings(api, timezone=BERLIN)
    first, second = [await make.doctor(api) for _ in range(2)]
    await make.working_hours(api, second, (1, "08:00", "12:00"))
    one = await make.appointment(api, doctor_id=first, starts_at=at(9))
    await make.appointment(api, doctor_id=first, starts_at=at(9, 15), allow_overlap=True, override_reason="pain")
    await make.appointment(api, doctor_id=second, starts_at=at(9))
    cancelled = await make.appointment(api, doctor_id=second, starts_at=at(10))
    await api.receptionist.post(f"/appointments/{one['appointment_id']}/confirm")
    await api.receptionist.post(f"/appointments/{cancelled['appointment_id']}/cancel")
    month = at(0).strftime("%Y-%m")
    today = at(0).date().isoformat()

    shown = await get(api, "/calendar/month", month=month)
    of_second = await get(api, "/calendar/month", month=month, doctor_id=second, include_cancelled="true")

    assert shown["month"] == month
    assert [day["date"][:7] for day in shown["days"]] == [month] * len(shown["days"])
    assert [int(day["date"][8:]) for day in shown["days"]] == list(range(1, len(shown["days"]) + 1))
    assert (date.fromisoformat(shown["days"][-1]["date"]) + timedelta(days=1)).day == 1
    [day] = [day for day in shown["days"] if day["date"] == today]
    assert day == {
        "date": today,
        "counts": {"booked": 2, "confirmed": 1},
        # 9:00 to 9:45 and 9:00 to 9:30
        "booked_minutes": 75,
        "open_minutes": 600 + 240,
    }
    [day] = [day for day in of_second["days"] if day["date"] == today]
    assert day == {
        "date": today,
        "counts": {"booked": 1, "cancelled": 1},
        "booked_minutes": 30,
        "open_minutes": 240,
    }


async def test_days_are_local_and_of_their_real_length(api: Api) -> None:
    await make.settings(api, timezone=BERLIN)
    doctor_id = await make.doctor(api)
    await make.working_hours(api, doctor_id, (7, "00:00", "24:00"))
    year = datetime.now(UTC).year

    def sundays(month: int) -> str:
        last = date(year, month, 31)
        return (last - timedelta(days=(last.weekday() + 1) % 7)).isoformat()

    shown = await get(api, f"/doctors/{doctor_id}/calendar", **{"from": sundays(3), "to": sundays(3)})
    [spring] = [
        day for day in (await get(api, "/calendar/month", month=sundays(3)[:7]))["days"] if day["date"] == sundays(3)
    ]
    [autumn] = [
        day for day in (await get(api, "/calendar/month", month=sundays(10)[:7]))["days"] if day["date"] == sundays(10)
    ]

    first = datetime.combine(date.fromisoformat(sundays(3)), datetime.min.time(), ZoneInfo(BERLIN))
    assert shown["days"][0]["working"] == [stretch(first, first + timedelta(days=1))]
    assert shown["days"][0]["working"][0]["starts_at"].endswith("+01:00")
    assert shown["days"][0]["working"][0]["ends_at"].endswith("+02:00")
    assert (spring["open_minutes"], autumn["open_minutes"]) == (23 * 60, 25 * 60)


async def test_a_doctors_calendar_shows_his_days(api: Api) -> None:
    await make.settings(api, timezone=BERLIN)
    doctor_id = await make.doctor(api)
    appointment = await make.appointment(api, doctor_id=doctor_id, starts_at=at(9, day=1))
    await make.appointment(api, starts_at=at(9, day=1))
    first, last = at(0).date().isoformat(), at(0, day=1).date().isoformat()

    shown = await get(api, f"/doctors/{doctor_id}/calendar", **{"from": first, "to": last})
    await api.owner.execute("update employee set archived_at = now()")
    archived = await get(api, f"/doctors/{doctor_id}/calendar", **{"from": first, "to": last})

    assert shown == {
        "doctor": {"employee_id": doctor_id, "name": "Dr. Eva Braun", "color": "#4f7cac"},
        "days": [
            {
                "date": first,
                "working": [stretch(at(8), at(18))],
                "appointments": [],
                "free": [stretch(at(8), at(18))],
            },
            {
                "date": last,
                "working": [stretch(at(8, day=1), at(18, day=1))],
                "appointments": [appointment],
                "free": [stretch(at(8, day=1), at(9, day=1)), stretch(at(9, 30, day=1), at(18, day=1))],
            },
        ],
    }
    assert archived == shown
    problem(await api.assistant.get("/doctors/9999/calendar"), 404, "not_found")


async def test_today_is_shown_when_nothing_is_said(api: Api) -> None:
    await make.settings(api, timezone="Pacific/Kiritimati")
    doctor_id = await make.doctor(api)
    today = datetime.now(ZoneInfo("Pacific/Kiritimati")).date()

    assert (await get(api, "/calendar/day"))["date"] == today.isoformat()
    assert (await get(api, "/calendar/week"))["start"] == today.isoformat()
    assert (await get(api, "/calendar/month"))["month"] == today.isoformat()[:7]
    days = (await get(api, f"/doctors/{doctor_id}/calendar"))["days"]
    assert [days[0]["date"], len(days)] == [today.isoformat(), 7]


async def test_bad_parameters_are_named(api: Api) -> None:
    doctor_id = await make.doctor(api)
    for path, fields in (
        ("/calendar/day?date=2026-02-30&doctor_id=0", {"date", "doctor_id"}),
        ("/calendar/week?start=monday&include_cancelled=perhaps", {"start", "include_cancelled"}),
        ("/calendar/month?month=2026-13", {"month"}),
        ("/calendar/month?month=0000-01", {"month"}),
        ("/calendar/month?month=9999-12&year=1", {"month", "year"}),
        (f"/doctors/{doctor_id}/calendar?from=2026-01-02&to=2026-01-01", {"to"}),
        (f"/doctors/{doctor_id}/calendar?from=2026-01-01&to=2026-03-04", {"to"}),
    ):
        assert bad_fields(await api.assistant.get(path)) == fields
    assert len((await get(api, f"/doctors/{doctor_id}/calendar?from=2026-01-01&to=2026-03-03"))["days"]) == 62
    assert len((await get(api, "/calendar/month?month=2199-12"))["days"]) == 31


async def test_patients_logins_see_no_calendars(api: Api) -> None:
    own = await make.appointment(api)
    client = await api.own_patient(own["patient_id"])
    for path in ("/calendar/day", "/calendar/week", "/calendar/month", f"/doctors/{own['doctor_id']}/calendar"):
        problem(await client.get(path), 403, "forbidden")


async def test_a_calendar_reads_what_belongs_to_its_days(api: Api) -> None:
    await api.owner.execute(
        """
        insert into employee (first_name, last_name, is_bookable)
        select 'Eva', number::text, true from generate_series(1, 20) as number
        """
    )
    await api.owner.execute(
        """
        insert into patient (first_name, last_name)
        select 'Anna', number::text from generate_series(1, 400) as number
        """
    )
    # 20,000 in a year and a half: 40 a day
    await api.owner.execute("alter table appointment disable trigger user")
    await api.owner.execute(
        """
        insert into appointment (patient_id, doctor_id, starts_at, ends_at)
        select
            1 + number % 400,
            1 + number % 20,
            starts_at,
            starts_at + interval '30 minutes'
        from generate_series(0, 19999) as number
        cross join lateral (
            select $1::timestamptz + number / 40 * interval '1 day' + number / 20 % 2 * interval '1 hour' as starts_at
        ) as time
        """,
        at(9, day=-250),
    )
    await api.owner.execute("analyze")

    async def cost(statement: Query, days: int, doctor_ids: list[int] | None = None) -> int:
        values: dict[str, Any] = {
            "first_day": at(0).date(),
            "last_day": at(0, day=days - 1).date(),
            "doctor_ids": doctor_ids,
            "include_cancelled": False,
        }
        return await buffers(api, statement, values | ({"always": False} if statement is SQL.days else {}))

    day, week, two_months = [await cost(SQL.days, days) for days in (1, 7, 62)]
    assert day < 40 * 15
    assert week < 7.5 * day
    assert await cost(SQL.months, 31) < 31 * await cost(SQL.months, 1)
    assert await cost(SQL.days, 62, [1]) < two_months / 10
