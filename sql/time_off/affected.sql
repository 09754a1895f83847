-- The active appointments that a time off leaves uncovered, entered or not.
select
    shown.appointment_id,
    shown.patient_id,
    shown.doctor_id,
    shown.chair_id,
    shown.service_ids,
    shown.starts_at,
    shown.ends_at,
    shown.status,
    shown.note,
    shown.cancel_reason,
    shown.is_overbooked,
    true as is_uncovered,
    shown.confirmed_at,
    shown.checked_in_at,
    shown.finished_at,
    shown.cancelled_at,
    shown.cancelled_by,
    shown.created_by,
    shown.created_at,
    shown.updated_at,
    shown.version,
    shown.patient,
    shown.doctor
from appointment
cross join lateral appointment_answer(appointment, null) as shown
where appointment.doctor_id = :employee_id
    and appointment.starts_at < :ends_at
    and appointment.ends_at > :starts_at
    -- no appointment is longer: the index on doctor and start serves
    and appointment.starts_at > :starts_at::timestamptz - interval '12 hours'
    and appointment.status not in ('cancelled', 'no_show')
    and not appointment.is_outside_hours
order by appointment.starts_at, appointment.appointment_id
