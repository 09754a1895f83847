-- Lock the employee who holds a number; whoever changes his numbers meanwhile waits, and then sees it.
select employee.employee_id
from employee_phone
join employee on employee.employee_id = employee_phone.employee_id
where employee_phone.phone_number_id = :phone_number_id
    and require_version(employee_phone.version, :if_match)
for no key update of employee
