drop index sms_incoming;
drop index call_direction;
drop index payment_method;
drop index treatment_status;

create or replace trigger queue_reminders_update after update on appointment
for each row when (
    (old.starts_at, old.patient_id, old.status in ('booked', 'confirmed'))
    is distinct from
    (new.starts_at, new.patient_id, new.status in ('booked', 'confirmed'))
)
execute function queue_reminders();

create or replace function reason_not_to_send(message sms) returns text
language sql stable as $$
    select case
        when appointment.status in ('cancelled', 'no_show') then 'appointment_cancelled'
        when appointment.starts_at <> message.reminder_starts_at or appointment.patient_id <> message.patient_id
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

alter table sms drop column reminder_doctor_id;
