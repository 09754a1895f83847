-- Add patients with their numbers, those of a file that are not in yet; how many.
with asked as materialized (
    select
        nextval(pg_get_serial_sequence('patient', 'patient_id')) as patient_id,
        row_of_file.*
    from jsonb_to_recordset(:patients::jsonb) as row_of_file (
        place integer, source_id text, digest text, fields jsonb, phones jsonb
    )
),
-- in one order, so that two runs can't wait for each other; the second one waits here and finds the row taken
claimed as (
    insert into import_row (source, kind, source_id, entity_id, digest)
    select :source, 'patient', source_id, patient_id, decode(digest, 'hex')
    from asked
    order by source_id
    on conflict do nothing
    returning entity_id as patient_id
),
wanted as materialized (
    select asked.*
    from asked
    join claimed on claimed.patient_id = asked.patient_id
),
phone as materialized (
    select wanted.patient_id, number.*
    from wanted
    cross join lateral rows from (
        jsonb_to_recordset(wanted.phones) as (e164 text, national text, region text, type text, label text)
    ) with ordinality as number (e164, national, region, type, label, place)
),
numbers as (
    insert into phone_number (e164, national, region, type)
    select distinct on (e164) e164, national, region, type
    from phone
    order by e164
    on conflict do nothing
),
created as (
    insert into patient (
        patient_id, register_number, first_name, last_name, middle_name, birth_date, gender, email, address, note, alerts
    )
    overriding system value
    select
        wanted.patient_id,
        new.register_number,
        new.first_name,
        new.last_name,
        new.middle_name,
        new.birth_date,
        new.gender,
        new.email,
        new.address,
        new.note,
        new.alerts
    from wanted
    cross join lateral jsonb_populate_record(null::patient, wanted.fields) as new
    where acting(:context)
    order by wanted.place
    returning patient_id
),
held as (
    insert into patient_phone (patient_id, e164, label, is_primary)
    select phone.patient_id, phone.e164, phone.label, phone.place = 1
    from created
    join phone on phone.patient_id = created.patient_id
    order by phone.patient_id, phone.place
)
select count(*)
from created
