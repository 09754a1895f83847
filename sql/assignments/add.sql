-- Give an employee, whose row is locked, a position he hasn't; his first one is primary.
with added as (
    insert into employee_position (employee_id, position_id, is_primary)
    select
        :employee_id,
        position_id,
        not exists (select from employee_position where employee_id = :employee_id)
    from position
    where position_id = :position_id
        and case
            when exists (
                select from employee_position where employee_id = :employee_id and position_id = :position_id
            ) then false
            else is_active or refuse(422, 'inactive', '{"detail": "The position is disabled."}')
        end
        and acting(:context)
    returning employee_id
)
update employee
-- the trigger that counts versions sees a change by this
set updated_at = clock_timestamp()
from added
where employee.employee_id = added.employee_id
