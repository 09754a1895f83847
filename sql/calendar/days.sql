-- The days of doctors, when they work and are free, and each appointment: one row for each, one for a day without.
with asked as materialized (
    select
        :first_day::date as first_day,
        :last_day::date as last_day,
        :doctor_ids::bigint[] as doctor_ids,
        :include_cancelled::boolean as include_cancelled,
        :always::boolean as always
)
select
    shown.*,
    lane.day,
    lane.employee_id,
    concat_ws(' ', (lane.employee).title, (lane.employee).first_name, (lane.employee).last_name) as name,
    (lane.employee).color,
    lane.hours as working,
    lane.hours - coalesce(
        range_agg(tstzrange(shown.starts_at, shown.ends_at)) filter (where shown.status not in ('cancelled', 'no_show'))
            over (partition by lane.day, lane.employee_id),
        '{}'
    ) as free
from asked
cross join lateral doctors_days(
    asked.first_day, asked.last_day, asked.doctor_ids, asked.include_cancelled, asked.always
) as lane
left join lateral appointment_answer(
    lane.appointment,
    :own_patient_id::bigint,
    case when tstzrange((lane.appointment).starts_at, (lane.appointment).ends_at) <@ lane.day_during then lane.hours end
) as shown on true
order by
    lane.day,
    (lane.employee).last_name,
    (lane.employee).first_name,
    lane.employee_id,
    shown.starts_at,
    shown.appointment_id
