-- The days of doctors, when they work and are free, and each appointment: one row for each, one for a day without.
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
from doctors_days(
    :first_day, :last_day, :doctor_ids::bigint[], :include_cancelled::boolean, :always::boolean
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
