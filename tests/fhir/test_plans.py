"""What a search for procedures costs among very many."""

from datetime import UTC, datetime, timedelta

from dcms.database.lists import Filter, statement
from dcms.fhir.repository import BY_ID, SQL
from dcms.fhir.structs import TreatedItem
from tests.api import Api
from tests.plans import pages_read

PROCEDURES = 8000
MOST_PAGES = 30


async def test_what_was_done_on_a_day_is_found_among_many(api: Api) -> None:
    await api.owner.execute(
        f"""
        alter table patient disable trigger user;
        alter table treatment disable trigger user;
        alter table treatment_item disable trigger user;
        insert into employee (first_name, last_name) values ('Eva', 'Roth');
        insert into patient (register_number, first_name, last_name)
        select number::text, 'Anna', 'Weber'
        from generate_series(1, {PROCEDURES}) as number;
        insert into service_catalog (code, name, service_type, duration_min, price, display_number)
        values ('D1110', 'Cleaning', 'hygiene', 30, 90, 1);
        insert into treatment (patient_id, doctor_id, performed_on)
        select patient_id, 1, date '2000-01-01' + patient_id::integer
        from patient;
        insert into treatment_item (
            treatment_id, patient_id, service_id, service_name, quantity, unit_price, status, done_at
        )
        select treatment_id, patient_id, 1, 'Cleaning', 1, 90, 'done', performed_on + time '12:00' at time zone 'UTC'
        from treatment;
        alter table patient enable trigger user;
        alter table treatment enable trigger user;
        alter table treatment_item enable trigger user;
        analyze patient, treatment, treatment_item
        """
    )
    day = datetime(2012, 5, 4, tzinfo=UTC)
    filters = [Filter("done_at", "gte", day), Filter("done_at", "lt", day + timedelta(days=2))]
    text, values = statement(SQL.procedures, TreatedItem, filters, BY_ID, (), 51, own_patient_id=None)

    assert await pages_read(api, text, values) < MOST_PAGES
