-- Take a position from an employee whose row is locked; the oldest of the others becomes primary if it was.
with removed as (
    delete from employee_position
    where employee_id = :employee_id
        and position_id = :position_id
        and acting(:context)
    returning employee_id, is_primary
),
promoted as (
    update employee_position
    set is_primary = true
    from removed
    where removed.is_primary
        and employee_position.employee_position_id = (
            select min(employee_position_id)
            from employee_position
            where employee_id = :employee_id
                and position_id <> :position_id
        )
)
update employee
set updated_at = clock_timestamp()
from removed
where employee.employee_id = removed.employee_id
returning employee.employee_id
