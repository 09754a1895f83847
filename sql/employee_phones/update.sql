-- Change the label of a number whose holder is locked.
update employee_phone
set label = (
    select changed.label
    from jsonb_populate_record(employee_phone, :changes::jsonb) as changed
)
where phone_number_id = :phone_number_id
    and employee_id = :holder_id
    and require_version(version, :if_match)
    and acting(:context)
returning phone_number_id
