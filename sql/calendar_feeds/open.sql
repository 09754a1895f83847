-- The feed behind a link, while its doctor works here and may log in; notes once a minute that it is used.
with feed as (
    select
        calendar_feed.calendar_feed_id,
        calendar_feed.employee_id,
        coalesce(
            calendar_feed.name, concat_ws(' ', employee.title, employee.first_name, employee.last_name)
        ) as name,
        calendar_feed.details
    from calendar_feed
    join employee on employee.employee_id = calendar_feed.employee_id
    left join dcms_user on dcms_user.user_id = employee.user_id
    where calendar_feed.token_hash = :token_hash
        and employee.archived_at is null
        and dcms_user.is_active is not false
),
used as (
    update calendar_feed
    set last_used_at = now()
    from feed
    where calendar_feed.calendar_feed_id = feed.calendar_feed_id
        and (calendar_feed.last_used_at is null or calendar_feed.last_used_at < now() - interval '1 minute')
)
select calendar_feed_id, employee_id, name, details
from feed
