-- The time off of an employee.
select time_off_id, employee_id, starts_at, ends_at, reason, created_at
from time_off
where employee_id = :employee_id
