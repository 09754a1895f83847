"""What a page of appointments costs among very many."""

from typing import Any

import pytest

from dcms.appointments.repository import BY_START, SQL, AppointmentFilters
from dcms.appointments.structs import Appointment
from dcms.database.lists import statement
from tests import make
from tests.api import Api
from tests.plans import rows_visited

PATIENTS = 5000
APPOINTMENTS = 20_000
PAGE = 50


async def crowd(api: Api) -> None:
    """Put 20,000 appointments of 5,000 patients there, a few of them not finished; nothing else was counted yet."""
    await api.owner.execute(
        f"""
        insert into employee (first_name, last_name, is_bookable)
        select 'Eva', number::text, true from generate_series(1, 4) as number;
        insert into patient (first_name, last_name)
        select 'Anna', number::text from generate_series(1, {PATIENTS}) as number;
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


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"doctor_ids": [3]},
        {"doctor_ids": [2, 3]},
        {"patient_id": 400},
        {"statuses": ["came"]},
        {"statuses": ["booked", "came"]},
        {"statuses": ["came"], "doctor_ids": [4]},
    ],
    ids=str,
)
async def test_a_page_visits_little_more_than_what_it_shows(api: Api, wanted: dict[str, Any]) -> None:
    await make.settings(api, buffer_minutes=0)
    await crowd(api)
    filters = AppointmentFilters(**wanted).conditions()
    text, values = statement(SQL.find, Appointment, filters, BY_START, (), PAGE + 1, own_patient_id=None)

    assert await rows_visited(api, text, values) < 30 * PAGE
