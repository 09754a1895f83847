-- Free stretches of at least the length, by start, then doctor.
select employee.employee_id as doctor_id, lower(stretch) as starts_at, upper(stretch) as ends_at
from (
    select
        length,
        greatest(:first_day::date, (lower(bookable_period) at time zone timezone)::date) as first_day,
        least(:last_day::date, ((upper(bookable_period) + length) at time zone timezone)::date) as last_day,
        -- in whole minutes, and one to spare: the first start can still be booked when it is read, and so can the last
        tstzrange(
            date_trunc('minute', lower(bookable_period) + interval '2 minutes' - interval '1 microsecond'),
            date_trunc('minute', upper(bookable_period)) + length
        ) * tstzrange(
            local_instant(:first_day::date::timestamp, timezone), local_instant((:last_day::date + 1)::timestamp, timezone)
        ) as period
    from clinic_settings
    cross join bookable_period()
    cross join make_interval(mins => booking_minutes(:duration_min::integer, :service_ids::bigint[])) as length
    where booking_minutes(:duration_min::integer, :service_ids::bigint[]) <= 720
        and not exists (
            select from booking_faults(null, null, :chair_id::bigint, :service_ids::bigint[], null, null, true)
        )
) as terms
cross join employee
cross join lateral free_time(employee.employee_id, :chair_id::bigint, terms.first_day, terms.last_day) as time
cross join lateral unnest(time.free * tstzmultirange(terms.period)) as stretch
-- of days that are over, or too far ahead, there is none
where terms.first_day <= terms.last_day
    and employee.is_bookable
    and employee.archived_at is null
    and (:doctor_ids::bigint[] is null or employee.employee_id = any (:doctor_ids::bigint[]))
    and upper(stretch) - lower(stretch) >= terms.length
order by lower(stretch), employee.employee_id
limit :limit
