-- Write messages of a bulk message, one for each recipient, and put them on the queue behind everything else.
with created as (
    insert into sms (
        patient_id, e164, direction, text, status, segments, encoding, template_id, batch_id, scheduled_for, created_by
    )
    select
        recipient.patient_id,
        recipient.e164,
        'out',
        recipient.text,
        case when :scheduled_for::timestamptz > now() then 'scheduled' else 'queued' end,
        recipient.segments,
        recipient.encoding,
        :template_id,
        :batch_id,
        :scheduled_for,
        :caller_id
    from unnest(
        :patient_ids::bigint[], :e164s::text[], :texts::text[], :segments::integer[], :encodings::text[]
    ) as recipient (patient_id, e164, text, segments, encoding)
    where acting(:context)
    returning sms_id
)
insert into outbox (kind, payload, lane, available_at)
select 'sms.send', jsonb_build_object('sms_id', sms_id), 2, coalesce(:scheduled_for, now())
from created
