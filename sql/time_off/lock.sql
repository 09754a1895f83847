-- Lock an employee for the rest of the transaction.
select employee_id
from employee
where employee_id = :employee_id
for update
