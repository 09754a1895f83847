-- Try a message again later. One that the provider may have stays as it is: it will be asked.
with job as (
    update outbox
    set available_at = now() + make_interval(secs => :delay_s::float8), lease_token = null, error_code = :error_code
    where outbox_id = :outbox_id
        and lease_token = :lease_token
    returning outbox_id
)
update sms
set status = 'queued'
from job
where sms.sms_id = :sms_id
    and sms.status = 'sending'
    and sms.provider_message_id is null
    and not :is_uncertain::boolean
    and acting(:context)
