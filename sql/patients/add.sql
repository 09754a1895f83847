-- Add a patient with his numbers; the first one is primary.
with phone as (
    select number.e164, number.national, number.region, number.type, number.label, number.place
    from rows from (
        jsonb_to_recordset(:phones::jsonb) as (e164 text, national text, region text, type text, label text)
    ) with ordinality as number (e164, national, region, type, label, place)
),
created as (
    insert into patient (
        register_number, first_name, last_name, middle_name, birth_date, gender, email, address, note, alerts
    )
    select register_number, first_name, last_name, middle_name, birth_date, gender, email, address, note, alerts
    from jsonb_populate_record(null::patient, :patient::jsonb)
    where acting(:context)
    returning *
),
numbers as (
    insert into phone_number (e164, national, region, type)
    select e164, national, region, type
    from phone
    order by e164
    on conflict do nothing
),
held as (
    insert into patient_phone (patient_id, e164, label, is_primary)
    select created.patient_id, phone.e164, phone.label, phone.place = 1
    from created
    cross join phone
    order by phone.place
)
select
    patient_id,
    register_number,
    user_id,
    first_name,
    last_name,
    middle_name,
    birth_date,
    gender,
    email,
    address,
    note,
    alerts,
    (select e164 from phone where place = 1) as primary_phone,
    status,
    merged_into,
    archived_at,
    null::timestamptz as last_seen_at,
    created_at,
    updated_at,
    version
from created
