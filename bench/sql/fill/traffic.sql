-- What a day leaves behind: provider's events, kept answers, live events, jobs that are due.
with events as (
    insert into webhook_event (kind, subject, event, details, body, content_type, query_string, received_at, worked_at)
    select 'sms.status', 'SMbench' || number, 'delivered:', '{}', 'MessageStatus=delivered', 'application/x-www-form-urlencoded', '',
        now() - number * interval '1 minute', now()
    from generate_series(1, :appointments::integer / 10) as number
),
kept as (
    insert into idempotency_key (user_id, key, fingerprint, status, headers, body)
    select 5, 'bench-' || md5(number::text), '\x00', 201, '[]', '{}'
    from generate_series(1, greatest(:appointments::integer / 1000, 10)) as number
),
seen as (
    insert into live_event (number, entity, entity_id, action, version)
    select nextval('live_event_number'), 'appointment', number, 'create', 1
    from generate_series(1, greatest(:appointments::integer / 1000, 10)) as number
)
insert into outbox (kind, payload, available_at)
select 'appointment.reminders', jsonb_build_object('appointment_id', number), now() + interval '1 hour'
from generate_series(1, greatest(:appointments::integer / 1000, 10)) as number
