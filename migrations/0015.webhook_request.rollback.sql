alter table webhook_event drop column request_id;
