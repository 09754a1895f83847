-- Whether there is such an employee.
select employee_id
from employee
where employee_id = :holder_id
