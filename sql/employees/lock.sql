-- Lock an employee for the rest of the transaction; bookings with him wait, or are waited for and then seen.
select employee_id
from employee
where employee_id = :employee_id
    and require_version(version, :if_match)
for update
