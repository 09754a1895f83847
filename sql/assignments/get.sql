-- One position of an employee.
select position.position_id, position.name, employee_position.is_primary
from employee_position
join position on position.position_id = employee_position.position_id
where employee_position.employee_id = :employee_id
    and employee_position.position_id = :position_id
