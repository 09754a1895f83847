-- Make two locked patients' numbers ready to be one's: a shared one is held once, only the target's primary one stays primary.
with removed as (
    delete from patient_phone
    where patient_id = :source_id
        and e164 in (select e164 from patient_phone where patient_id = :target_id)
        and acting(:context::jsonb || '{"action": "merge"}')
    returning *
),
demoted as (
    update patient_phone
    set is_primary = false
    where patient_id = :source_id
        and is_primary
        and exists (select from patient_phone where patient_id = :target_id)
        and e164 not in (select e164 from patient_phone where patient_id = :target_id)
        and acting(:context::jsonb || '{"action": "merge"}')
)
insert into patient_merge_row (merge_id, table_name, row_id, removed)
select :merge_id, 'patient_phone', phone_number_id, to_jsonb(removed)
from removed
