-- Apply a receipt to its message, if it takes the message further; it waits for a message that is not there yet.
with event as materialized (
    select
        webhook_event_id,
        subject,
        received_at,
        details ->> 'status' as status,
        details ->> 'error_code' as error_code,
        (details ->> 'sms_id')::bigint as sms_id
    from webhook_event
    where webhook_event_id = :webhook_event_id
        and worked_at is null
        and acting(:context)
    for update
),
message as materialized (
    select sms.sms_id
    from sms
    join event on sms.provider_message_id = event.subject
    union all
    -- accepted by the provider, whose answer has not been written down
    select sms.sms_id
    from sms
    join event on event.sms_id = sms.sms_id
    where sms.provider_message_id is null
        and sms.status = 'sending'
),
applied as (
    update sms
    set status = event.status,
        provider_message_id = event.subject,
        error_code = event.error_code,
        sent_at = case when event.status in ('sent', 'delivered', 'undelivered') then coalesce(sms.sent_at, event.received_at) else sms.sent_at end,
        delivered_at = case when event.status = 'delivered' then event.received_at end
    from event, message
    where sms.sms_id = message.sms_id
        and sms.direction = 'out'
        and sms_rank(event.status) > sms_rank(sms.status)
)
update webhook_event
set worked_at = now()
from event
where webhook_event.webhook_event_id = event.webhook_event_id
    and (event.status is null or exists (select from message))
