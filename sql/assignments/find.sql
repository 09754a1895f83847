-- The positions of an employee.
select
    position.position_id,
    position.name,
    employee_position.is_primary,
    not employee_position.is_primary as is_secondary,
    employee_position.employee_position_id
from employee_position
join position on position.position_id = employee_position.position_id
where employee_position.employee_id = :employee_id
