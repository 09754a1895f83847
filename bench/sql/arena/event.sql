-- One event of the provider, as the service keeps it.
insert into webhook_event (kind, subject, event, details, body, content_type, query_string, request_id)
values (:kind, :subject, :event, :details, :body, :content_type, :query_string, :request_id)
on conflict on constraint webhook_event_unique do nothing
