-- One employee.
select
    employee_id,
    user_id,
    first_name,
    last_name,
    title,
    email,
    color,
    is_bookable,
    hired_on,
    archived_at,
    employee_positions(employee_id) as positions,
    created_at,
    updated_at,
    version
from employee
where employee_id = :employee_id
