-- The days of a month: appointments by status, and minutes that are taken and that are worked, summed over the doctors.
with asked as materialized (
    select
        :first_day::date as first_day,
        :last_day::date as last_day,
        :doctor_ids::bigint[] as doctor_ids,
        :include_cancelled::boolean as include_cancelled
),
booked as materialized (
    select day, doctor_id, (appointment).status, (appointment).starts_at, (appointment).ends_at
    from asked
    cross join lateral booked_days(asked.first_day, asked.last_day, asked.doctor_ids, asked.include_cancelled)
),
lane as materialized (
    select hours.day, hours.day_during, hours.employee_id, hours.hours, booked.status, booked.starts_at, booked.ends_at
    from asked
    cross join lateral doctors_hours(
        asked.first_day, asked.last_day, asked.doctor_ids, asked.include_cancelled, false
    ) as hours
    left join booked on booked.day = hours.day and booked.doctor_id = hours.employee_id
),
counted as (
    select day, jsonb_object_agg(status, number) as counts
    from (
        select day, status, count(*) as number
        from lane
        where status is not null
        group by day, status
    ) as by_status
    group by day
),
doctor_day as (
    select
        day,
        hours,
        range_agg(tstzrange(starts_at, ends_at) * day_during) filter (where status not in ('cancelled', 'no_show')) as taken
    from lane
    group by day, employee_id, hours
),
summed as (
    select
        day,
        sum((select sum(upper(stretch) - lower(stretch)) from unnest(taken) as stretch)) as taken,
        sum((select sum(upper(stretch) - lower(stretch)) from unnest(hours) as stretch)) as open
    from doctor_day
    group by day
)
select
    asked.first_day + number as date,
    coalesce(counted.counts, '{}') as counts,
    coalesce(extract(epoch from summed.taken) / 60, 0)::integer as booked_minutes,
    coalesce(extract(epoch from summed.open) / 60, 0)::integer as open_minutes
from asked
cross join lateral generate_series(0, asked.last_day - asked.first_day) as number
left join counted on counted.day = asked.first_day + number
left join summed on summed.day = asked.first_day + number
order by number
