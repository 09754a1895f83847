-- Give a message up; its job stays to be seen and put back.
with job as (
    update outbox
    set failed_at = now(), error_code = :error_code, lease_token = null
    where outbox_id = :outbox_id
        and lease_token = :lease_token
    returning outbox_id
)
update sms
set status = 'failed', error_code = :error_code
from job
where sms.sms_id = :sms_id
    and sms.status in ('scheduled', 'queued', 'sending')
    and sms.provider_message_id is null
    and acting(:context)
