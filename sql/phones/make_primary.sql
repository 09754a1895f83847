-- Make a number the primary one of its holder, whose row is locked.
with demoted as (
    update patient_phone
    set is_primary = false
    where patient_id = :holder_id
        and phone_number_id <> :phone_number_id
        and is_primary
        and exists (
            select
            from patient_phone as wanted
            where wanted.phone_number_id = :phone_number_id
                and wanted.patient_id = :holder_id
                and require_version(wanted.version, :if_match)
        )
        and acting(:context)
    returning phone_number_id
)
update patient_phone
set is_primary = true
where phone_number_id = :phone_number_id
    and patient_id = :holder_id
    and require_version(version, :if_match)
    and acting(:context)
    -- only one may be primary at any moment, so the other one is changed first
    and (select count(*) from demoted) <= 1
returning phone_number_id
