"""Availability and booking say the same as a plain model, also on days when the clocks change."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tests import make
from tests.api import Api, problem
from tests.availability.model import Clinic, Interval, Taken, clock_changes, instant_of, meet, minute_of
from tests.examples import examples

# the last two change their clocks at midnight, and by half an hour
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "America/Havana", "Australia/Lord_Howe")
TODAY = datetime.now(UTC).date()
CHANGES = [
    (ZoneInfo(zone), day) for zone in ZONES for day in clock_changes(ZoneInfo(zone), TODAY + timedelta(days=3), 366)
]
HORIZON_DAYS = 400


@st.composite
def hours(draw: st.DrawFn) -> list[Interval]:
    """Intervals of a day that don't overlap, in quarters of an hour; they may touch."""
    edges = sorted(draw(st.lists(st.integers(0, 96), min_size=2, max_size=6, unique=True)))
    intervals = [(edges[index] * 15, edges[index + 1] * 15) for index in range(0, len(edges) - 1, 2)]
    return draw(st.sampled_from([intervals, [(0, 1440)], [(13 * 60, 1440)], [(0, 300)]]))


@st.composite
def clinics(draw: st.DrawFn) -> Clinic:
    """A clinic around a change of its clocks, on the day before, the day itself and the day after."""
    zone, changed = draw(st.sampled_from(CHANGES))
    days = [changed + timedelta(days=number) for number in (-1, 0, 1)]
    clinic = Clinic(
        zone,
        days,
        step=draw(st.sampled_from([10, 15, 20, 30, 45, 60])),
        buffer=draw(st.sampled_from([0, 0, 5, 20])),
        hours={day: draw(hours()) for day in days},
        closed=draw(st.lists(st.sampled_from(days), max_size=1)),
    )
    midnight = clinic.instant(datetime.combine(days[0], time()))
    # half of them in the hours about the change
    minutes = st.one_of(st.integers(0, 3 * 288), st.integers(288, 288 + 48)).map(lambda number: midnight + number * 5)
    for starts in draw(st.lists(minutes, max_size=2)):
        clinic.off.append((starts, starts + draw(st.integers(1, 400))))
    for starts in draw(st.lists(minutes, max_size=4)):
        taken = Taken(
            starts,
            starts + draw(st.sampled_from([5, 30, 50, 120])),
            draw(st.sampled_from([0, 10])),
            has_chair=draw(st.booleans()),
            is_others=draw(st.integers(0, 3)) == 3,
        )
        if not any(overlap(taken, other) for other in clinic.taken):
            clinic.taken.append(taken)
    return clinic


def overlap(one: Taken, other: Taken) -> bool:
    """Whether two can't both be there: made simple, as if they shared everything."""
    return meet((one.starts, one.ends + one.buffer), (other.starts, other.ends + other.buffer))


async def build(api: Api, clinic: Clinic) -> dict[str, int]:
    """Make the database of a clinic; the ids of what a booking names."""
    await api.owner.execute(
        """
        truncate appointment, appointment_event, appointment_claim, working_hours, business_hours, time_off, closure,
            employee, patient, chair
        cascade
        """
    )
    await make.settings(
        api,
        timezone=str(clinic.zone),
        slot_step_minutes=clinic.step,
        buffer_minutes=clinic.buffer,
        booking_horizon_days=HORIZON_DAYS,
    )
    doctor_id, other_id = await make.doctor(api), await make.doctor(api, is_bookable=False)
    chair_id = await make.chair_id(api)
    patient_ids = [(await make.patient(api))["patient_id"] for _ in range(len(clinic.taken) + 1)]
    for day, intervals in clinic.hours.items():
        rows = [(day.isoweekday(), clock(opens), clock(closes)) for opens, closes in intervals]
        await make.working_hours(api, doctor_id, *rows)
    for day in clinic.closed:
        await api.owner.execute("insert into closure (starts_on, ends_on) values ($1, $1)", day)
    for starts, ends in clinic.off:
        await api.owner.execute(
            "insert into time_off (employee_id, starts_at, ends_at) values ($1, $2, $3)",
            doctor_id,
            instant_of(starts),
            instant_of(ends),
        )
    for taken, patient_id in zip(clinic.taken, patient_ids[1:], strict=True):
        await api.owner.execute(
            """
            insert into appointment (patient_id, doctor_id, chair_id, starts_at, ends_at, buffer_minutes)
            values ($1, $2, $3, $4, $5, $6)
            """,
            patient_id,
            other_id if taken.is_others else doctor_id,
            chair_id if taken.has_chair else None,
            instant_of(taken.starts),
            instant_of(taken.ends),
            taken.buffer,
        )
    return {"patient_id": patient_ids[0], "doctor_id": doctor_id, "chair_id": chair_id}


def clock(minutes: int) -> str:
    """A time of day."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


@given(
    clinic=clinics(), length=st.sampled_from([5, 15, 30, 45, 90, 240, 720]), with_chair=st.booleans(), data=st.data()
)
@examples(40)
async def test_what_is_offered_is_exactly_what_can_be_booked(
    api: Api, clinic: Clinic, length: int, with_chair: bool, data: st.DataObject
) -> None:
    named = await build(api, clinic)
    if not with_chair:
        del named["chair_id"]
    query: dict[str, Any] = {
        "from": clinic.days[0].isoformat(),
        "to": clinic.days[-1].isoformat(),
        "duration_min": length,
        "limit": 2000,
        "doctor_id": named["doctor_id"],
    } | ({"chair_id": named["chair_id"]} if with_chair else {})

    answer = await api.assistant.get("/availability", params=query)

    # by start: of a time that occurs twice the later instant may come after later times of day
    expected = sorted(clinic.slots(length, with_chair))
    slots = answer.json()["slots"]
    assert [minute_of(datetime.fromisoformat(slot["starts_at"])) for slot in slots] == expected
    for slot in slots:
        taken_by = datetime.fromisoformat(slot["ends_at"]) - datetime.fromisoformat(slot["starts_at"])
        assert taken_by == timedelta(minutes=length)

    # booking agrees, on the grid and off it
    midnight = clinic.instant(datetime.combine(clinic.days[0], time()))
    anywhere = st.integers(0, 3 * 288).map(lambda number: midnight + number * 5)
    for starts in data.draw(st.lists(anywhere, min_size=2, max_size=2)) + expected[:1] + expected[-1:]:
        body = {**named, "starts_at": instant_of(starts).isoformat(), "duration_min": length}
        booked = await api.receptionist.post("/appointments", json=body)

        rule = clinic.rule_against(starts, length, with_chair)
        if rule is None:
            assert booked.status_code == 201, booked.text
            await api.receptionist.post(f"/appointments/{booked.json()['appointment_id']}/cancel")
        else:
            problem(booked, 409 if rule == "appointment_overlap" else 422, rule)


@given(clinic=clinics(), length=st.sampled_from([5, 30, 90, 240]))
@examples(15)
async def test_windows_are_the_free_stretches_of_that_length(api: Api, clinic: Clinic, length: int) -> None:
    named = await build(api, clinic)
    query: dict[str, Any] = {
        "from": clinic.days[0].isoformat(),
        "to": clinic.days[-1].isoformat(),
        "duration_min": length,
        "view": "windows",
        "doctor_id": named["doctor_id"],
    }

    answer = await api.assistant.get("/availability", params=query)

    days = (clinic.instant(datetime.combine(clinic.days[0], time())), clinic.instant(midnight_after(clinic)))
    free = sorted(starts for starts in clinic.working if clinic.rule_against(starts, 1, False) is None)
    stretches: list[Interval] = []
    for minute in (minute for minute in free if days[0] <= minute < days[1]):
        if stretches and stretches[-1][1] == minute:
            stretches[-1] = (stretches[-1][0], minute + 1)
        else:
            stretches.append((minute, minute + 1))
    found = [
        tuple(minute_of(datetime.fromisoformat(window[edge])) for edge in ("starts_at", "ends_at"))
        for window in answer.json()["windows"]
    ]
    assert found == [stretch for stretch in stretches if stretch[1] - stretch[0] >= length]


def midnight_after(clinic: Clinic) -> datetime:
    """The end of the last day."""
    return datetime.combine(clinic.days[-1] + timedelta(days=1), time())
