-- Add a feed of an employee's calendar; a few at once may pass the limit, which only keeps the list short.
insert into calendar_feed (employee_id, name, details, token_hash, created_by)
select employee.employee_id, :name, :details, :token_hash, :caller_id
from employee
where employee.employee_id = :employee_id
    and (
        employee.archived_at is null
        or refuse(422, 'archived', jsonb_build_object('detail', 'The employee is archived.'))
    )
    and (
        :most > (select count(*) from calendar_feed where calendar_feed.employee_id = :employee_id)
        or refuse(422, 'refused', jsonb_build_object('detail', 'There are too many feeds of this calendar: revoke one.'))
    )
    and acting(:context)
returning calendar_feed_id, employee_id, name, details, created_by, created_at, last_used_at
