-- Drop the reminders of appointments that must not go out any more.
update sms
set status = 'canceled', error_code = reason_not_to_send(sms)
where appointment_id = any (:appointment_ids)
    and reminder_starts_at is not null
    and status in ('scheduled', 'queued')
    and reason_not_to_send(sms) is not null
    and acting(:context)
