-- Add a treatment, for now without items; its day is the appointment's or today unless sent.
insert into treatment (patient_id, doctor_id, appointment_id, status, performed_on, diagnosis, note, created_by)
select
    new.patient_id,
    new.doctor_id,
    new.appointment_id,
    new.status,
    coalesce(new.performed_on, (coalesce(appointment.starts_at, now()) at time zone clinic_settings.timezone)::date),
    new.diagnosis,
    new.note,
    :caller_id
from jsonb_populate_record(null::treatment, :treatment::jsonb) as new
cross join clinic_settings
left join appointment on appointment.appointment_id = new.appointment_id
-- one condition, so that they are checked in this order
where (
    check_treatment_items(:items::jsonb, :teeth::jsonb)
    and check_patient_of_treatment(new.patient_id)
    and check_doctor_of_treatment(new.doctor_id)
    and (
        new.appointment_id is null
        or coalesce(appointment.patient_id = new.patient_id, false)
        or refuse(422, 'unknown_reference', '{"field": "appointment_id"}')
    )
    and acting(:context)
) is true
returning treatment_id
