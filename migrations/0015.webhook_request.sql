-- The request that brought an event. Events are worked on together, so that the audit entries of what comes of them
-- can't name it.
alter table webhook_event add column request_id text;
