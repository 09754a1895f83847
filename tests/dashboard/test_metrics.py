"""GET /dashboard/metrics."""

from datetime import date, datetime, timedelta
from typing import Any, get_args

from dcms.appointments.structs import Status
from dcms.sms.structs import SmsStatus
from tests import make
from tests.api import Api, bad_fields, problem
from tests.make import workday

ZONE = "Europe/Berlin"
NO_APPOINTMENTS = dict.fromkeys(get_args(Status), 0)
NO_MESSAGES = dict.fromkeys(get_args(SmsStatus), 0)


async def booked(api: Api, doctor_id: int, starts_at: datetime, minutes: int, status: str, **fields: Any) -> None:
    values = {
        "patient_id": (await make.patient(api))["patient_id"],
        "doctor_id": doctor_id,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=minutes),
        "status": status,
        **fields,
    }
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    await api.owner.execute(f"insert into appointment ({', '.join(values)}) values ({places})", *values.values())


async def metrics(api: Api, query: str = "") -> dict[str, Any]:
    answer = await api.doctor.get(f"/dashboard/metrics?{query}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_clinic_where_nothing_happens(api: Api) -> None:
    await make.settings(api, timezone="Pacific/Kiritimati")
    today = await api.owner.fetchval("select (now() at time zone 'Pacific/Kiritimati')::date")

    assert await metrics(api) == {
        "from": today.isoformat(),
        "to": today.isoformat(),
        "appointments": NO_APPOINTMENTS,
        "utilisation": None,
        "no_show_rate": 0.0,
        "new_patients": 0,
        "revenue": "0.00",
        "outstanding": "0.00",
        "messages": NO_MESSAGES,
        "unreviewed_messages": 0,
    }


async def test_appointments_are_counted_and_their_time_is_united(api: Api) -> None:
    await make.settings(api, timezone=ZONE)
    busy, idle = await make.doctor(api), await make.doctor(api)
    for doctor_id in (busy, idle):
        await make.working_hours(api, doctor_id, (1, "09:00", "13:00"))
    monday = workday(9, zone=ZONE)
    await booked(api, busy, monday, 60, "finished")
    await booked(api, busy, monday + timedelta(minutes=30), 60, "booked", is_overbooked=True)
    await booked(api, busy, monday + timedelta(minutes=30), 60, "cancelled")
    await booked(api, busy, monday + timedelta(minutes=120), 60, "no_show")
    await booked(api, busy, monday + timedelta(days=1), 60, "no_show")

    found = await metrics(api, f"from={monday.date()}&to={monday.date()}")

    assert found["appointments"] == {**NO_APPOINTMENTS, "finished": 1, "booked": 1, "cancelled": 1, "no_show": 1}
    assert found["no_show_rate"] == 0.5
    # 90 of twice 240 minutes
    assert found["utilisation"] == 0.1875


async def test_days_are_the_clinics_and_appointments_are_cut_at_their_ends(api: Api) -> None:
    await make.settings(api, timezone=ZONE)
    doctor_id = await make.doctor(api)
    await make.working_hours(api, doctor_id, (1, "23:00", "24:00"), (2, "00:00", "01:00"))
    monday = workday(23, 30, zone=ZONE)
    await booked(api, doctor_id, monday, 70, "came")
    first, second = monday.date(), monday.date() + timedelta(days=1)

    on_first = await metrics(api, f"from={first}&to={first}")
    on_second = await metrics(api, f"from={second}&to={second}")
    on_both = await metrics(api, f"from={first}&to={second}")

    assert [each["appointments"]["came"] for each in (on_first, on_second, on_both)] == [1, 0, 1]
    assert [each["utilisation"] for each in (on_first, on_second, on_both)] == [0.5, 0.6667, 0.5833]


async def test_working_more_than_the_hours_is_over_one(api: Api) -> None:
    doctor_id = await make.doctor(api, is_bookable=False)
    await make.working_hours(api, doctor_id, (1, "09:00", "10:00"))
    await booked(api, doctor_id, workday(9), 90, "finished", is_outside_hours=True)

    found = await metrics(api, f"from={workday().date()}&to={workday().date()}")

    assert found["utilisation"] == 1.5


async def test_money_of_the_period(api: Api) -> None:
    patient_id = (await make.patient(api))["patient_id"]
    invoice = await make.invoice(api, patient_id, "100.00")
    await make.invoice(api, patient_id, "7.00")
    await make.draft(api, patient_id)
    payment = await make.payment(api, patient_id, "60.00", (invoice["invoice_id"], "40.00"))
    await make.payment(api, patient_id, "5.00", received_at="2020-02-29T12:00:00Z")
    await api.admin.post(f"/payments/{payment['payment_id']}/refund", json={"amount": "12.50"})

    today, long_ago = await metrics(api), await metrics(api, "from=2020-02-29&to=2020-02-29")

    assert (today["revenue"], today["outstanding"], today["new_patients"]) == ("47.50", "67.00", 1)
    assert (long_ago["revenue"], long_ago["outstanding"], long_ago["new_patients"]) == ("5.00", "0.00", 0)


async def test_messages_of_the_period(api: Api) -> None:
    _, phone_number_id = await make.holder(api)
    await make.sms(api, phone_number_id)
    deleted = await make.sms(api, phone_number_id, text="x", send=False)
    await make.sms(api, phone_number_id, text="x", send=False)
    await api.admin.delete(f"/sms/{deleted['sms_id']}")
    await api.owner.execute(
        """
        insert into sms (e164, direction, text, status, segments, encoding, received_at, reviewed_at)
        select e164, 'in', 'x', 'received', 1, 'GSM-7', now(), reviewed_at
        from phone_number, unnest(array[null, now()]) as reviewed_at
        """
    )

    found = await metrics(api)

    assert found["messages"] == {**NO_MESSAGES, "queued": 1, "logged": 1, "received": 2}
    assert found["unreviewed_messages"] == 1
    assert (await metrics(api, "from=2020-01-01&to=2020-12-31"))["unreviewed_messages"] == 0


async def test_an_end_that_is_not_named_is_today_or_as_near_as_can_be(api: Api) -> None:
    today = date.fromisoformat((await metrics(api))["to"])
    before, after = today - timedelta(days=9), today + timedelta(days=9)

    async def period(query: str) -> tuple[str, str]:
        found = await metrics(api, query)
        return found["from"], found["to"]

    assert await period(f"from={before}") == (str(before), str(today))
    assert await period(f"from={after}") == (str(after), str(after))
    assert await period(f"to={before}") == (str(before), str(before))
    assert await period(f"to={after}") == (str(today), str(after))


async def test_bad_periods_and_permission(api: Api) -> None:
    assert bad_fields(await api.admin.get("/dashboard/metrics?from=x&to=2026-02-30&day=1")) == {"from", "to", "day"}
    assert bad_fields(await api.admin.get("/dashboard/metrics?from=2026-02-02&to=2026-02-01")) == {"to"}
    assert bad_fields(await api.admin.get("/dashboard/metrics?from=2024-01-01&to=2025-01-01")) == {"to"}
    assert (await metrics(api, "from=2024-01-01&to=2024-12-31"))["from"] == "2024-01-01"
    for client in (api.manager, api.receptionist):
        assert (await client.get("/dashboard/metrics")).status_code == 200
    for client in (api.assistant, api.patient):
        problem(await client.get("/dashboard/metrics"), 403, "forbidden")
    problem(await api.anonymous.get("/dashboard/metrics"), 401, "unauthenticated")
