-- The days of a month: appointments by status, and minutes that are taken and that are worked, summed over the doctors.
with booked as materialized (
    select day, doctor_id, (appointment).status, (appointment).starts_at, (appointment).ends_at
    from booked_days(:first_day, :last_day, :doctor_ids::bigint[], :include_cancelled::boolean)
),
lane as materialized (
    select hours.day, hours.day_during, hours.employee_id, hours.hours, booked.status, booked.starts_at, booked.ends_at
    from doctors_hours(:first_day, :last_day, :doctor_ids::bigint[], :include_cancelled::boolean, false) as hours
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
    :first_day::date + number as date,
    coalesce(counted.counts, '{}') as counts,
    coalesce(extract(epoch from summed.taken) / 60, 0)::integer as booked_minutes,
    coalesce(extract(epoch from summed.open) / 60, 0)::integer as open_minutes
from generate_series(0, :last_day::date - :first_day::date) as number
left join counted on counted.day = :first_day::date + number
left join summed on summed.day = :first_day::date + number
order by number
