-- Archive an employee whose row is locked; his future appointments stand against it.
with future as (
    select count(*) as count
    from appointment
    where doctor_id = :employee_id
        and starts_at > statement_timestamp()
        and status in ('booked', 'confirmed', 'came')
)
update employee
set archived_at = coalesce(archived_at, now())
from future
where employee_id = :employee_id
    and (
        archived_at is not null
        or future.count = 0
        or refuse(409, 'has_future_appointments', jsonb_build_object('count', future.count))
    )
    and acting(:context)
returning employee_id
