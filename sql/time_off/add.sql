-- Enter a time off, unless it is a dry run.
with added as (
    insert into time_off (employee_id, starts_at, ends_at, reason)
    select :employee_id, :starts_at, :ends_at, :reason
    where not :dry_run
        and acting(:context)
    returning time_off_id, employee_id, starts_at, ends_at, reason, created_at
)
select time_off_id, employee_id, starts_at, ends_at, reason, created_at
from added
union all
select null, :employee_id, :starts_at, :ends_at, :reason, null
where :dry_run
