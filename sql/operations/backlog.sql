-- What waits for a worker: since when the oldest could have been done, and how much was given up.
select
    jobs.waiting as outbox_waiting,
    coalesce(extract(epoch from now() - jobs.oldest), 0)::float as outbox_oldest_age_s,
    jobs.given_up as outbox_given_up,
    events.waiting as webhooks_waiting,
    coalesce(extract(epoch from now() - events.oldest), 0)::float as webhooks_oldest_age_s,
    coalesce(extract(epoch from now() - unsealed.at), 0)::float as audit_unsealed_age_s
from (
    select
        count(*) filter (where failed_at is null and available_at <= now()) as waiting,
        min(available_at) filter (where failed_at is null and available_at <= now()) as oldest,
        count(*) filter (where failed_at is not null) as given_up
    from outbox
) as jobs
cross join (
    -- what the sweep takes, now or when it tries again; a receipt may wait for its message as long as it likes
    select count(*) as waiting, min(received_at) as oldest
    from (
        select received_at
        from webhook_event
        where worked_at is null
            and kind <> 'sms.status'
        union all
        select received_at
        from webhook_event
        cross join lateral message_of_receipt(subject, details) as message
        where worked_at is null
            and kind = 'sms.status'
            and received_at > now() - interval '7 days'
    ) as event
) as events
left join lateral (
    select entry.at
    from audit_log as entry
    where entry.audit_id > coalesce(
            (
                select max(latest.highest_audit_id)
                from (
                    select highest_audit_id
                    from audit_seal_batch
                    order by audit_seal_batch_id desc
                    limit 100
                ) as latest
            ),
            0
        )
    order by entry.audit_id
    limit 1
) as unsealed on true
