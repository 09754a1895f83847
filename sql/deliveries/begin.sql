-- Say of messages about to go out which may, after another look at appointment, number and patient; note that they do.
with job as materialized (
    select outbox.outbox_id, (outbox.payload ->> 'sms_id')::bigint as sms_id
    from outbox
    where outbox.outbox_id = any (:outbox_ids)
        and outbox.lease_token = :lease_token
        and acting(:context)
),
waiting as materialized (
    select sms.*
    from sms
    where sms_id in (select sms_id from job)
    order by sms_id
    for update
),
judged as materialized (
    select
        waiting.sms_id,
        -- one that somebody deleted is canceled like one that he canceled: without a code
        case when waiting.deleted_at is null then reason.code end as code,
        case
            when waiting.status not in ('scheduled', 'queued', 'sending') or waiting.provider_message_id is not null
                then 'drop'
            -- somebody began and nobody knows how it ended
            when waiting.status = 'sending' then 'ask'
            when waiting.deleted_at is not null or reason.code is not null then 'cancel'
            else 'send'
        end as verdict
    from waiting
    cross join lateral (select reason_not_to_send(waiting::sms) as code) as reason
    -- none before all are locked: what was answered while one of them was waited for counts for each
    where (select count(*) from waiting) > 0
),
begun as (
    update sms
    set status = case judged.verdict when 'send' then 'sending' else 'canceled' end,
        error_code = judged.code,
        sending_at = case judged.verdict when 'send' then now() else sms.sending_at end,
        provider = case judged.verdict when 'send' then :provider else sms.provider end
    from judged
    where sms.sms_id = judged.sms_id
        and judged.verdict in ('send', 'cancel')
),
finished as (
    delete from outbox
    using job, judged
    where outbox.outbox_id = job.outbox_id
        and judged.sms_id = job.sms_id
        and judged.verdict in ('drop', 'cancel')
)
select job.outbox_id, judged.sms_id, waiting.e164, waiting.text, judged.verdict = 'ask' as is_uncertain, waiting.sending_at
from judged
join job on job.sms_id = judged.sms_id
join waiting on waiting.sms_id = judged.sms_id
where judged.verdict in ('send', 'ask')
