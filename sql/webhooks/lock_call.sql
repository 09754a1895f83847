-- Wait until nobody else works on a call's events.
select webhook_event_id
from webhook_event
where kind = 'call'
    and subject = :subject
order by webhook_event_id
for update
