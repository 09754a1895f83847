-- Give a patient back the holds on numbers that were taken away because somebody he was merged into had them too.
with restored as (
    insert into patient_phone (phone_number_id, patient_id, e164, label, created_at, version)
    overriding system value
    select hold.phone_number_id, :source_id, hold.e164, hold.label, hold.created_at, hold.version + 1
    from patient_merge_row as own
    -- his own merge took it, or the one that his survivor went through
    join patient_merge_row as taken
        on taken.table_name = own.table_name and taken.row_id = own.row_id and taken.removed is not null
    cross join jsonb_populate_record(null::patient_phone, taken.removed) as hold
    where own.merge_id = :merge_id
        and own.table_name = 'patient_phone'
        and own.returned_by is null
        and taken.returned_by is null
        and not exists (select from patient_phone where phone_number_id = hold.phone_number_id)
        and acting(:context::jsonb || '{"action": "unmerge"}')
    on conflict on constraint patient_phone_number_unique do nothing
    returning phone_number_id
)
update patient_merge_row as entry
set returned_by = :merge_id
from restored
where entry.table_name = 'patient_phone'
    and entry.row_id = restored.phone_number_id
    and entry.merge_id >= :merge_id
    and entry.returned_by is null
