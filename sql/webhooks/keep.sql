-- Keep an event; one that came before stays as it was.
insert into webhook_event (kind, subject, event, details, body, content_type, query_string)
values (:kind, :subject, :event, :details, :body, :content_type, :query_string)
on conflict on constraint webhook_event_unique do update
set deliveries = webhook_event.deliveries + 1
returning webhook_event_id, kind, subject, worked_at is null as is_waiting
