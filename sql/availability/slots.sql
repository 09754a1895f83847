-- Free starts on the step grid, by start, then doctor. The days are gone through one after the other, until there are enough.
with asked as materialized (
    select
        :first_day::date as first_day,
        :last_day::date as last_day,
        :duration_min::integer as duration_min,
        :service_ids::bigint[] as service_ids,
        :chair_id::bigint as chair_id,
        :doctor_ids::bigint[] as doctor_ids,
        :limit::integer as most
)
select employee.employee_id as doctor_id, slot.starts_at, slot.starts_at + days.length as ends_at
from (
    select terms.*, terms.first_day + number as day
    from (
        select
            asked.chair_id,
            asked.doctor_ids,
            timezone as zone,
            slot_step_minutes as step,
            make_interval(mins => booking_minutes(asked.duration_min, asked.service_ids)) as length,
            bookable_period as period,
            greatest(asked.first_day, (lower(bookable_period) at time zone timezone)::date) as first_day,
            least(asked.last_day, (upper(bookable_period) at time zone timezone)::date) as last_day,
            -- only then may one last into the next day
            exists (select from working_hours where closes = '24:00')
                or exists (select from business_hours where closes = '24:00') as is_open_at_midnight
        from asked
        cross join clinic_settings
        cross join bookable_period()
        where booking_minutes(asked.duration_min, asked.service_ids) <= 720
            and not exists (
                select from booking_faults(null, null, asked.chair_id, asked.service_ids, null, null, true)
            )
    ) as terms
    cross join lateral generate_series(0, terms.last_day - terms.first_day) as number
    order by day
) as days
cross join lateral (
    -- a local time that does not exist is no start; one that occurs twice has two instants
    select array_agg(first_instant) as firsts, array_agg(nullif(local_time at time zone days.zone, first_instant)) as seconds
    from generate_series(0, 1439, days.step) as minute
    cross join lateral (select days.day + make_interval(mins => minute) as local_time) as grid
    cross join lateral (select local_instant(local_time, days.zone) as first_instant) as instant
    where first_instant at time zone days.zone = local_time
) as grid
cross join employee
cross join lateral (
    select free
    from (
        -- worked out once for both who ask for it (offset 0)
        select free
        from free_time(employee.employee_id, days.chair_id, days.day, days.day + days.is_open_at_midnight::integer)
        offset 0
    ) as of_day
    -- each minute is looked at only if there is a stretch that is long enough
    where exists (select from unnest(free) as stretch where upper(stretch) - lower(stretch) >= days.length)
    offset 0
) as time
cross join lateral (
    select case
        when first_instant <@ days.period and tstzrange(first_instant, first_instant + days.length) <@ time.free
            then first_instant
        when second_instant <@ days.period and tstzrange(second_instant, second_instant + days.length) <@ time.free
            then second_instant
    end as starts_at
    from unnest(grid.firsts, grid.seconds) as start (first_instant, second_instant)
    offset 0
) as slot
where employee.is_bookable
    and employee.archived_at is null
    and (days.doctor_ids is null or employee.employee_id = any (days.doctor_ids))
    and slot.starts_at is not null
order by days.day, slot.starts_at, employee.employee_id
limit (select most from asked)
