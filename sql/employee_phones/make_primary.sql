-- Make a number the primary one of its holder, whose row is locked.
with demoted as (
    update employee_phone
    set is_primary = false
    where employee_id = :holder_id
        and phone_number_id <> :phone_number_id
        and is_primary
        and exists (
            select
            from employee_phone as wanted
            where wanted.phone_number_id = :phone_number_id
                and wanted.employee_id = :holder_id
                and require_version(wanted.version, :if_match)
        )
        and acting(:context)
    returning phone_number_id
)
update employee_phone
set is_primary = true
where phone_number_id = :phone_number_id
    and employee_id = :holder_id
    and require_version(version, :if_match)
    and acting(:context)
    -- only one may be primary at any moment, so the other one is changed first
    and (select count(*) from demoted) <= 1
returning phone_number_id
