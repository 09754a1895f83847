-- Make a position the primary one of an employee whose row is locked.
with cleared as (
    update employee_position as other
    set is_primary = false
    from employee_position as wanted
    where other.employee_id = :employee_id
        and other.is_primary
        and wanted.employee_id = :employee_id
        and wanted.position_id = :position_id
        and not wanted.is_primary
        and acting(:context)
    returning other.employee_id
),
made as (
    update employee_position
    set is_primary = true
    from cleared
    where employee_position.employee_id = cleared.employee_id
        and employee_position.position_id = :position_id
    returning employee_position.employee_id
)
update employee
set updated_at = clock_timestamp()
from made
where employee.employee_id = made.employee_id
