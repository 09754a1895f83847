-- Apply receipts to their messages as far as they take them further; one whose message is not there yet waits for it.
-- by their ids: with worked_at in the same condition all that wait would be read, which may be very many
with locked as materialized (
    select webhook_event_id, subject, received_at, details, worked_at
    from webhook_event
    where webhook_event_id = any (:webhook_event_ids)
        and acting(:context)
    order by subject, event
    for update
),
event as materialized (
    select
        webhook_event_id,
        subject,
        received_at,
        details,
        details ->> 'status' as status,
        details ->> 'error_code' as error_code
    from locked
    where worked_at is null
),
-- of several receipts that name a message by its id, the first says what the provider calls it
named as materialized (
    select distinct on (sms_id) sms_id, event.subject
    from event
    cross join lateral message_of_receipt(event.subject, event.details) as sms_id
    order by sms_id, event.received_at
),
message as materialized (
    select
        sms.sms_id,
        named.subject,
        -- what we called failed without an answer of the provider is not final
        case when sms.provider_message_id is null then -1 else sms_rank(sms.status) end as rank
    from sms
    join named on named.sms_id = sms.sms_id
    where sms.provider_message_id = named.subject
        or (sms.provider_message_id is null and sms.status <> 'canceled')
    order by sms.sms_id
    for update of sms
),
-- of a message's receipts the one that takes it furthest; of several as far, the first
step as (
    select distinct on (message.sms_id)
        message.sms_id,
        event.subject,
        event.status,
        event.error_code,
        event.received_at,
        min(event.received_at) filter (where event.status in ('sent', 'delivered', 'undelivered'))
            over (partition by message.sms_id order by event.received_at) as sent_at
    from message
    join event on event.subject = message.subject
    where sms_rank(event.status) > message.rank
    order by message.sms_id, sms_rank(event.status) desc, event.received_at
),
applied as (
    update sms
    set status = step.status,
        provider_message_id = step.subject,
        error_code = step.error_code,
        sent_at = coalesce(sms.sent_at, step.sent_at),
        delivered_at = case when step.status = 'delivered' then step.received_at end
    from step
    where sms.sms_id = step.sms_id
        and sms.direction = 'out'
)
update webhook_event
set worked_at = now()
from event
where webhook_event.webhook_event_id = event.webhook_event_id
    and (event.status is null or event.subject in (select subject from message))
