-- Change what :changes names of an employee.
update employee
set (first_name, last_name, title, email, color, is_bookable, hired_on) = (
    select
        changed.first_name,
        changed.last_name,
        changed.title,
        changed.email,
        changed.color,
        changed.is_bookable,
        changed.hired_on
    from jsonb_populate_record(employee, :changes::jsonb) as changed
)
where employee_id = :employee_id
    and require_version(version, :if_match)
    and acting(:context)
returning employee_id
