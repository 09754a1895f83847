-- Take a message in: its number, the number's wish to get messages or not, the message, its patient if there is one only.
with event as materialized (
    select webhook_event_id, subject, received_at, details
    from webhook_event
    where webhook_event_id = :webhook_event_id
        and worked_at is null
        and acting(:context)
    for update
),
number as (
    insert into phone_number (e164, national, region, type, sms_opt_out, opt_out_decided_at)
    select
        number.e164,
        number.national,
        number.region,
        number.type,
        coalesce((event.details ->> 'opt_out')::boolean, false),
        case when event.details ? 'opt_out' then event.received_at end
    from event
    cross join jsonb_populate_record(null::phone_number, event.details -> 'number') as number
    where number.e164 is not null
    on conflict (e164) do update
    set sms_opt_out = excluded.sms_opt_out, opt_out_decided_at = excluded.opt_out_decided_at
    -- what was received first was decided first, however late it is worked on
    where excluded.opt_out_decided_at > coalesce(phone_number.opt_out_decided_at, '-infinity')
),
received as (
    insert into sms (
        patient_id, e164, direction, text, status, segments, encoding, provider, provider_message_id, received_at
    )
    select
        case when cardinality(holder.patient_ids) = 1 then holder.patient_ids[1] end,
        event.details -> 'number' ->> 'e164',
        'in',
        event.details ->> 'text',
        'received',
        (event.details ->> 'segments')::integer,
        event.details ->> 'encoding',
        'twilio',
        event.subject,
        event.received_at
    from event
    cross join lateral (select number_candidates(null, event.details -> 'number' ->> 'e164') as patient_ids) as holder
    on conflict on constraint sms_provider_message_id_unique do nothing
)
update webhook_event
set worked_at = now()
from event
where webhook_event.webhook_event_id = event.webhook_event_id
