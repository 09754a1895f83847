-- Events that can be worked on now: messages and calls whose work failed before, as long as they are kept, and receipts
-- whose message is there by now, for seven days.
-- each for itself: however many of the one wait, the others come
(
    select webhook_event_id, kind, subject, event, true as is_waiting
    from webhook_event
    where worked_at is null
        and kind <> 'sms.status'
        and received_at < now() - interval '1 second'
        and (next_try_at is null or next_try_at <= now())
    order by received_at
    limit :limit
)
union all
(
    select webhook_event_id, kind, subject, event, true
    from webhook_event
    cross join lateral message_of_receipt(subject, details) as message
    where worked_at is null
        and kind = 'sms.status'
        and received_at between now() - interval '7 days' and now() - interval '1 second'
        and (next_try_at is null or next_try_at <= now())
    order by received_at
    limit :limit
)
