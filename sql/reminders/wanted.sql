-- The reminders that appointments should have and don't, with the values of a template. Those already past when it was
-- booked or moved are not sent, nor those that somebody cancelled: these have no error_code.
select
    appointment.appointment_id,
    appointment.starts_at,
    appointment.doctor_id,
    offsets.minutes as offset_minutes,
    patient.patient_id,
    patient_phone.e164,
    patient.first_name,
    patient.last_name,
    to_char(appointment.starts_at at time zone clinic_settings.timezone, 'YYYY-MM-DD') as date,
    to_char(appointment.starts_at at time zone clinic_settings.timezone, 'HH24:MI') as time,
    concat_ws(' ', employee.title, employee.first_name, employee.last_name) as doctor,
    clinic.name as clinic_name,
    clinic.phone as clinic_phone
from unnest(:appointment_ids::bigint[], :queued_ats::timestamptz[]) as job (appointment_id, queued_at)
join appointment on appointment.appointment_id = job.appointment_id
join patient on patient.patient_id = appointment.patient_id
join patient_phone on patient_phone.patient_id = patient.patient_id and patient_phone.is_primary
join phone_number on phone_number.e164 = patient_phone.e164
join employee on employee.employee_id = appointment.doctor_id
cross join clinic
cross join clinic_settings
cross join lateral (select distinct minutes from unnest(clinic_settings.reminder_offsets_minutes) as minutes) as offsets
where appointment.status in ('booked', 'confirmed')
    and appointment.starts_at > now()
    and appointment.starts_at - make_interval(mins => offsets.minutes) > job.queued_at
    and patient.status = 'active'
    and not phone_number.sms_opt_out
    and not exists (
        select
        from sms
        where sms.appointment_id = appointment.appointment_id
            and sms.reminder_offset_minutes = offsets.minutes
            and sms.reminder_starts_at = appointment.starts_at
            and (sms.status <> 'canceled' or sms.error_code is null)
    )
