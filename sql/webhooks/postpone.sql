-- Try an event whose work failed again later: after 2 s, 4 s, and so on up to an hour.
update webhook_event
set failures = failures + 1, next_try_at = now() + least(interval '2 seconds' * 2 ^ least(failures, 20), interval '1 hour')
where webhook_event_id = :webhook_event_id
    and worked_at is null
