-- Reminders follow their appointment's doctor too, and lists that are filtered by one thing have an index for it.

-- Which doctor a reminder names; null in reminders from before.
alter table sms add column reminder_doctor_id bigint references employee;

-- As in 0010; a reminder that names another doctor is of an appointment that has moved.
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

create or replace trigger queue_reminders_update after update on appointment
for each row when (
    (old.starts_at, old.doctor_id, old.patient_id, old.status in ('booked', 'confirmed'))
    is distinct from
    (new.starts_at, new.doctor_id, new.patient_id, new.status in ('booked', 'confirmed'))
)
execute function queue_reminders();

-- Without these a filter that few rows pass reads the whole list.
create index treatment_status on treatment (status, performed_on, treatment_id) where deleted_at is null;
create index payment_method on payment (method, received_at, payment_id);
create index call_direction on call (direction, started_at, call_id) where deleted_at is null;
create index sms_incoming on sms (created_at, sms_id) where deleted_at is null and direction = 'in';
