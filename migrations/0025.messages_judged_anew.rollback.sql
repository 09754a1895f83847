-- transactional: false

drop index concurrently if exists webhook_event_undone;

create or replace function reason_not_to_send(message sms) returns text
language sql stable as $$
    select case
        when appointment.status in ('cancelled', 'no_show') then 'appointment_cancelled'
        when appointment.starts_at <> message.reminder_starts_at
            or appointment.doctor_id <> message.reminder_doctor_id
            or appointment.patient_id <> message.patient_id
            then 'appointment_moved'
        when phone_number.sms_opt_out then 'opted_out'
        when patient.status <> 'active' then 'archived'
        when patient_phone.phone_number_id is null then 'number_removed'
        when message.reminder_starts_at is not null and not patient_phone.is_primary then 'number_removed'
        when message.reminder_starts_at <= now() or appointment.status not in ('booked', 'confirmed') then 'too_late'
    end
    from phone_number
    left join patient on patient.patient_id = message.patient_id
    left join patient_phone on patient_phone.patient_id = message.patient_id and patient_phone.e164 = message.e164
    left join appointment on appointment.appointment_id = message.appointment_id
    where phone_number.e164 = message.e164
$$;
