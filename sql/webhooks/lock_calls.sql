-- Wait until nobody else works on the events of calls.
select webhook_event_id
from webhook_event
where kind = 'call'
    and subject = any (:subjects)
order by subject, event
for update
