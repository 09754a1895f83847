-- Events that can be worked on now: a receipt waits for its message, whatever else is here failed before.
select webhook_event_id, kind, subject, event, true as is_waiting
from webhook_event
where worked_at is null
    and received_at between now() - interval '1 day' and now() - interval '1 second'
    and (
        kind <> 'sms.status'
        or exists (select from sms where provider_message_id = subject)
    )
order by received_at
limit :limit
