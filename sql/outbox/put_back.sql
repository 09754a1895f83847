-- Put jobs back that were given up, one or all. A message that the provider may have is looked for before it is sent.
with job as (
    update outbox
    set failed_at = null, error_code = null, attempts = 0, available_at = now()
    where failed_at is not null
        and (:outbox_id::bigint is null or outbox_id = :outbox_id)
    returning outbox_id, kind, payload
),
message as (
    update sms
    set status = case when sending_at is null then 'queued' else 'sending' end, error_code = null
    from job
    where job.kind = 'sms.send'
        and sms.sms_id = (job.payload ->> 'sms_id')::bigint
        and sms.status = 'failed'
        and sms.provider_message_id is null
        and acting(:context)
)
select outbox_id
from job
