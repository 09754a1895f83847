"""What it costs to find that nothing is free."""

from datetime import UTC, datetime, timedelta
from typing import Any

from dcms.database.queries import queries
from tests.api import Api
from tests.plans import rows_visited

DOCTORS = 40
DAYS = 20
# the minutes of a day, through all steps of the plan, but not again for each doctor
MOST_ROWS = DAYS * 24 * 60 * 30


async def test_minutes_are_looked_at_only_where_one_fits(api: Api) -> None:
    await api.owner.execute(
        f"""
        insert into employee (first_name, last_name, is_bookable)
        select 'Eva', number::text, true from generate_series(1, {DOCTORS}) as number;
        update clinic_settings set slot_step_minutes = 1;
        -- a quarter of an hour on each day
        insert into working_hours (employee_id, weekday, opens, closes, valid_from)
        select employee_id, weekday, '08:00', '08:15', '2020-01-01'
        from employee
        cross join generate_series(1, 7) as weekday;
        analyze
        """
    )
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    wanted: dict[str, Any] = {
        "first_day": tomorrow,
        "last_day": tomorrow + timedelta(days=DAYS - 1),
        "service_ids": None,
        "chair_id": None,
        "doctor_ids": None,
        "limit": 200,
    }
    slots = queries("availability").slots

    for duration, found in ((30, 0), (15, 200)):
        values = slots.bind({**wanted, "duration_min": duration})
        assert len(await api.owner.fetch(slots.text, *values)) == found
        assert await rows_visited(api, slots.text, values) < MOST_ROWS
