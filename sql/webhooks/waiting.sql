-- Events that can be worked on now: messages and calls whose work failed before, as long as they are kept, and receipts
-- whose message is there by now (see apply_receipts), for seven days.
-- each for itself: however many of the one wait, the others come
(
    select webhook_event_id, kind, subject, event, true as is_waiting
    from webhook_event
    where worked_at is null
        and kind <> 'sms.status'
        and received_at < now() - interval '1 second'
    order by received_at
    limit :limit
)
union all
(
    select webhook_event_id, kind, subject, event, true
    from webhook_event
    cross join lateral (
        select 1
        from sms
        where provider_message_id = subject
        union all
        select 1
        from (
            -- by its id, whatever else the planner may think of (offset 0)
            select *
            from sms
            where sms_id = (details ->> 'sms_id')::bigint
            offset 0
        ) as named
        where provider_message_id is null
            and sending_at is not null
            and status <> 'canceled'
        limit 1
    ) as message
    where worked_at is null
        and kind = 'sms.status'
        and received_at between now() - interval '7 days' and now() - interval '1 second'
    order by received_at
    limit :limit
)
