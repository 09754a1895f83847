-- Make a merged patient one of his own again; of the fields that the merge wrote, those that still hold it go back.
with undone as (
    update patient_merge
    set undone_at = now(), undone_from = :target_id
    where merge_id = :merge_id
        and acting(:context::jsonb || '{"action": "unmerge"}')
    returning merge_id, source_patient_id, target_patient_id, fields, user_id
),
parted as (
    update patient
    set
        merged_into = null,
        status = case when archived_at is null then 'active' else 'archived' end,
        -- unless it was given to somebody else, or is a patient's no more
        user_id = (
            select dcms_user.user_id
            from dcms_user
            where dcms_user.user_id = undone.user_id
                and 'patient' = any (dcms_user.roles)
                and not exists (select from patient as linked where linked.user_id = dcms_user.user_id)
        )
    from undone
    where patient.patient_id = undone.source_patient_id
),
changes as materialized (
    select undone.target_patient_id, jsonb_object_agg(field.key, field.value -> 'before') as fields
    from undone
    join patient on patient.patient_id = undone.target_patient_id
    cross join jsonb_each(undone.fields) as field
    where to_jsonb(patient) -> field.key = field.value -> 'after'
    group by undone.target_patient_id
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
        from jsonb_populate_record(patient, changes.fields) as changed
    )
    from changes
    where patient.patient_id = changes.target_patient_id
)
select merge_id
from undone
