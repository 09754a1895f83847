-- The hours of an employee.
select
    weekday,
    to_char(opens, 'HH24:MI') as opens,
    to_char(closes, 'HH24:MI') as closes,
    valid_from,
    valid_to,
    coalesce(valid_from::text, '') as valid_since
from working_hours
where employee_id = :employee_id
