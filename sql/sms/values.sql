-- The values that a template may name, for a patient and an appointment that need not be given.
select
    patient.patient_id,
    patient.first_name,
    patient.last_name,
    to_char(appointment.starts_at at time zone clinic_settings.timezone, 'YYYY-MM-DD') as date,
    to_char(appointment.starts_at at time zone clinic_settings.timezone, 'HH24:MI') as time,
    nullif(concat_ws(' ', employee.title, employee.first_name, employee.last_name), '') as doctor,
    clinic.name as clinic_name,
    clinic.phone as clinic_phone,
    appointment.appointment_id
from clinic
cross join clinic_settings
left join appointment on appointment.appointment_id = :appointment_id
    and (:patient_id::bigint is null or appointment.patient_id = :patient_id)
left join patient on patient.patient_id = coalesce(:patient_id, appointment.patient_id)
left join employee on employee.employee_id = appointment.doctor_id
