-- The settings that anybody may know, and whether the clinic is open.
with clock as (
    select
        clinic_settings.*,
        (now() at time zone timezone)::date as today,
        (now() at time zone timezone) - (now() at time zone 'UTC') as utc_offset
    from clinic_settings
),
-- The next opening is within a week of today, or of the end of some closure.
week as (
    select today as first_day
    from clock
    union
    select ends_on + 1
    from closure
    cross join clock
    where ends_on >= today
),
day as (
    select distinct first_day + ahead as on_day
    from week
    cross join generate_series(-1, 7) as ahead
),
opening as (
    select
        -- where the clocks go forward, what closes in the gap may come out before what opens
        range_agg(tstzrange(hours.opens_at, greatest(hours.opens_at, hours.closes_at))) as during
    from clock
    cross join day
    join business_hours on business_hours.weekday = extract(isodow from day.on_day)
    cross join lateral (
        select
            local_instant(day.on_day + business_hours.opens, clock.timezone) as opens_at,
            local_instant(day.on_day + business_hours.closes, clock.timezone) as closes_at
    ) as hours
    where not exists (select from closure where day.on_day between closure.starts_on and closure.ends_on)
)
select
    clock.timezone,
    clock.locale,
    clock.currency,
    clock.default_region,
    clock.default_slot_minutes,
    clock.slot_step_minutes,
    clock.buffer_minutes,
    clock.booking_min_notice_minutes,
    clock.booking_horizon_days,
    clock.tooth_system,
    business_hours_list() as business_hours,
    clock.updated_at,
    clock.version,
    now() as now,
    case when clock.utc_offset < interval '0' then '-' else '+' end
        || to_char(greatest(clock.utc_offset, -clock.utc_offset), 'HH24:MI') as utc_offset,
    coalesce(opening.during @> now(), false) as open_now,
    (
        select min(lower(interval_open))
        from unnest(opening.during) as interval_open
        where lower(interval_open) > now()
    ) as next_open_at,
    array(
        select distinct service_type
        from service_catalog
        where is_active
        order by service_type
    ) as service_types
from clock
cross join opening
