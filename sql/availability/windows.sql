-- Free stretches of at least the length, by start, then doctor.
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
select employee.employee_id as doctor_id, lower(stretch) as starts_at, upper(stretch) as ends_at
from (
    select
        asked.chair_id,
        asked.doctor_ids,
        length,
        greatest(asked.first_day, (lower(bookable_period) at time zone timezone)::date) as first_day,
        least(asked.last_day, ((upper(bookable_period) + length) at time zone timezone)::date) as last_day,
        -- in whole minutes, and one to spare: the first start can still be booked when it is read, and so can the last
        tstzrange(
            date_trunc('minute', lower(bookable_period) + interval '2 minutes' - interval '1 microsecond'),
            date_trunc('minute', upper(bookable_period)) + length
        ) * tstzrange(
            local_instant(asked.first_day::timestamp, timezone), local_instant((asked.last_day + 1)::timestamp, timezone)
        ) as period
    from asked
    cross join clinic_settings
    cross join bookable_period()
    cross join lateral make_interval(mins => booking_minutes(asked.duration_min, asked.service_ids)) as length
    where booking_minutes(asked.duration_min, asked.service_ids) <= 720
        and not exists (
            select from booking_faults(null, null, asked.chair_id, asked.service_ids, null, null, true)
        )
) as terms
cross join employee
-- it may be worked out before it is seen below that there is no day
cross join lateral free_time(
    employee.employee_id, terms.chair_id, terms.first_day, greatest(terms.first_day, terms.last_day)
) as time
cross join lateral unnest(time.free * tstzmultirange(terms.period)) as stretch
-- of days that are over, or too far ahead, there is none
where terms.first_day <= terms.last_day
    and employee.is_bookable
    and employee.archived_at is null
    and (terms.doctor_ids is null or employee.employee_id = any (terms.doctor_ids))
    and upper(stretch) - lower(stretch) >= terms.length
order by lower(stretch), employee.employee_id
limit (select most from asked)
