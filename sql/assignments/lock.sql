-- Lock an employee for the rest of the transaction, if there is such a position too.
select employee.employee_id
from employee
join position on position.position_id = :position_id
where employee.employee_id = :employee_id
    -- asked of both rows, so that it is 404 before it is 412
    and case when position.position_id is not null then require_version(employee.version, :if_match) end
for update of employee
