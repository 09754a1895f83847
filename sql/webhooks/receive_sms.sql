-- Take messages in: their numbers, the numbers' wish to get messages or not, the messages, their patients if there is one only.
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
    select webhook_event_id, subject, received_at, details
    from locked
    where worked_at is null
),
-- of each number the last that says a wish, else any
sender as (
    select distinct on (details -> 'number' ->> 'e164')
        details -> 'number' as number,
        coalesce((details ->> 'opt_out')::boolean, false) as sms_opt_out,
        case when details ? 'opt_out' then received_at end as opt_out_decided_at
    from event
    where details -> 'number' ->> 'e164' is not null
    order by details -> 'number' ->> 'e164', details ? 'opt_out' desc, received_at desc
),
number as (
    insert into phone_number (e164, national, region, type, sms_opt_out, opt_out_decided_at)
    select
        number.e164,
        number.national,
        number.region,
        number.type,
        sender.sms_opt_out,
        sender.opt_out_decided_at
    from sender
    cross join jsonb_populate_record(null::phone_number, sender.number) as number
    order by number.e164
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
    order by event.received_at
    on conflict on constraint sms_provider_message_id_unique do nothing
)
update webhook_event
set worked_at = now()
from event
where webhook_event.webhook_event_id = event.webhook_event_id
