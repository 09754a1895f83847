-- Forget events of long ago.
delete from webhook_event
where webhook_event_id in (
    select webhook_event_id
    from webhook_event
    where received_at < now() - make_interval(days => :kept_days)
    order by received_at
    limit 10000
)
