-- Drop the reminders of appointments that must not go out any more.
with waiting as materialized (
    select *
    from sms
    where appointment_id = any (:appointment_ids)
        and reminder_starts_at is not null
        and status in ('scheduled', 'queued')
        -- what somebody deleted is canceled when its turn comes
        and deleted_at is null
        and acting(:context)
    order by sms_id
    for update
),
judged as materialized (
    select waiting.sms_id, reason_not_to_send(waiting::sms) as code
    from waiting
)
update sms
set status = 'canceled', error_code = judged.code
from judged
where sms.sms_id = judged.sms_id
    and judged.code is not null
