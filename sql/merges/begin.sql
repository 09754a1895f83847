-- Open the ledger of a merge of two locked patients: the source becomes merged, the target gets the fields that are wanted.
with source as materialized (
    select *
    from patient
    where patient_id = :source_id
        and acting(:context::jsonb || '{"action": "merge"}')
),
target as materialized (
    select * from patient where patient_id = :target_id
),
wanted as materialized (
    select choice.key as field, to_jsonb(target) -> choice.key as before, to_jsonb(source) -> choice.key as after
    from source
    cross join target
    cross join jsonb_each_text(:fields::jsonb) as choice
    where choice.value = 'source'
    union all
    -- a warning of either record is one of the person, unless somebody chose
    select
        'alerts',
        to_jsonb(target.alerts),
        to_jsonb(target.alerts || array(select alert from unnest(source.alerts) as alert where alert <> all (target.alerts)))
    from source
    cross join target
    where not :fields::jsonb ? 'alerts'
),
written as materialized (
    select
        coalesce(jsonb_object_agg(field, jsonb_build_object('before', before, 'after', after)), '{}') as ledger,
        coalesce(jsonb_object_agg(field, after), '{}') as changes
    from wanted
    where before is distinct from after
),
merge as (
    insert into patient_merge (source_patient_id, target_patient_id, fields, user_id, primary_phone_number_id)
    select
        source.patient_id,
        :target_id,
        written.ledger,
        source.user_id,
        (select phone_number_id from patient_phone where patient_id = source.patient_id and is_primary)
    from source
    cross join written
    returning merge_id
),
merged as (
    update patient
    -- its login must not see the survivor before somebody has looked who it is
    set merged_into = :target_id, status = 'merged', user_id = null
    from written
    where patient_id = :source_id
),
changed as (
    update patient
    set (
        first_name, last_name, middle_name, birth_date, gender, email, address, note, alerts
    ) = (
        select
            changed.first_name,
            changed.last_name,
            changed.middle_name,
            changed.birth_date,
            changed.gender,
            changed.email,
            changed.address,
            changed.note,
            changed.alerts
        from jsonb_populate_record(patient, written.changes) as changed
    )
    from written
    where patient_id = :target_id
        and written.changes <> '{}'
)
select merge_id
from merge
