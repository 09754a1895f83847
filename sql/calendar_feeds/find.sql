-- The feeds of an employee's calendar, for the list.
select calendar_feed_id, employee_id, name, details, created_by, created_at, last_used_at
from calendar_feed
where employee_id = :employee_id
