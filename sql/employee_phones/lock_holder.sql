-- Lock an employee who gets a number; whoever changes his numbers meanwhile waits, and then sees it.
select employee_id
from employee
where employee_id = :holder_id
for no key update
