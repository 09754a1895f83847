-- The active appointments of a span of time, of one doctor or one patient or all.
select
    appointment.appointment_id,
    appointment.starts_at,
    appointment.ends_at,
    appointment.status,
    patient.first_name || ' ' || patient.last_name as patient_name,
    coalesce(employee.title || ' ', '') || employee.first_name || ' ' || employee.last_name as doctor_name,
    employee.color,
    chair.name as chair_name,
    appointment.checked_in_at
from appointment
join patient on patient.patient_id = appointment.patient_id
join employee on employee.employee_id = appointment.doctor_id
left join chair on chair.chair_id = appointment.chair_id
where appointment.starts_at >= :starts_at
    and appointment.starts_at < :ends_at
    and appointment.status = any (:statuses::text[])
    and (:doctor_id::bigint is null or appointment.doctor_id = :doctor_id)
    and (:own_patient_id::bigint is null or appointment.patient_id = :own_patient_id)
order by appointment.starts_at, appointment.appointment_id
limit 100
