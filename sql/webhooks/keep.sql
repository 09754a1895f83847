-- Keep events in the order of their receipt; one that came before stays as it was.
insert into webhook_event (
    kind, subject, event, details, body, content_type, query_string, request_id, deliveries, received_at
)
select
    kind,
    subject,
    event,
    details,
    body,
    content_type,
    query_string,
    request_id,
    deliveries,
    -- one after the other: to insert a row takes longer than that
    statement_timestamp() + place * interval '1 microsecond'
from unnest(
    :kinds::text[],
    :subjects::text[],
    :events::text[],
    :details::jsonb[],
    :bodies::bytea[],
    :content_types::text[],
    :query_strings::text[],
    :request_ids::text[],
    :deliveries::integer[]
) with ordinality as came (
    kind, subject, event, details, body, content_type, query_string, request_id, deliveries, place
)
-- whoever locks several events does so in this order, and so nobody waits in a circle
order by kind, subject, event
on conflict on constraint webhook_event_unique do update
set deliveries = webhook_event.deliveries + excluded.deliveries
returning webhook_event_id, kind, subject, event, worked_at is null as is_waiting
