-- The version of an employee.
select version
from employee
where employee_id = :employee_id
