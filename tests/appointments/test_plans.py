"""What a page of appointments costs among very many."""

from typing import Any

from dcms.appointments.repository import BY_START, SQL, AppointmentFilters
from dcms.appointments.structs import Appointment
from dcms.database.lists import statement
from tests import make
from tests.api import Api
from tests.plans import rows_visited

PATIENTS = 4000
APPOINTMENTS = 8000
PAGE = 50
WANTED: list[dict[str, Any]] = [
    {},
    {"doctor_ids": [3]},
    {"doctor_ids": [2, 3]},
    {"patient_id": 400},
    {"statuses": ["came"]},
    {"statuses": ["booked", "came"]},
    {"statuses": ["came"], "doctor_ids": [4]},
]


async def crowd(api: Api) -> None:
    """Put 8,000 appointments of 4,000 patients there, a few of them not finished; nothing else was counted yet."""
    await api.owner.execute(
        f"""
        insert into employee (first_name, last_name, is_bookable)
        select 'Eva', number::text, true from generate_series(1, 4) as number;
        alter table patient disable trigger user;
        insert into patient (register_number, first_name, last_name)
        select number::text, 'Anna', number::text from generate_series(1, {PATIENTS}) as number;
        alter table patient enable trigger user;
        alter table appointment disable trigger user;
        insert into appointment (patient_id, doctor_id, starts_at, ends_at, status)
        select
            1 + number % {PATIENTS},
            1 + number % 4,
            time '8:00' + date '2020-01-01' + number / 40 * interval '1 day',
            time '8:30' + date '2020-01-01' + number / 40 * interval '1 day',
            case when number % 1000 = 999 then 'came' else 'finished' end
        from generate_series(0, {APPOINTMENTS - 1}) as number;
        alter table appointment enable trigger user;
        analyze appointment, patient, employee
        """
    )


async def test_a_page_visits_little_more_than_what_it_shows(api: Api) -> None:
    await make.settings(api, buffer_minutes=0)
    await crowd(api)
    visited = {}
    for mode in ("force_custom_plan", "force_generic_plan"):
        await api.owner.execute(f"set plan_cache_mode = {mode}")
        for wanted in WANTED:
            filters = AppointmentFilters(**wanted).conditions()
            text, values = statement(SQL.find, Appointment, filters, BY_START, (), PAGE + 1, own_patient_id=None)
            visited[f"{wanted} {mode}"] = await rows_visited(api, text, values)

    assert {wanted: rows for wanted, rows in visited.items() if rows > 30 * PAGE} == {}
