-- The jobs that were given up, oldest first.
select outbox_id, kind, payload, attempts, created_at, failed_at, error_code
from outbox
where failed_at is not null
order by failed_at, outbox_id
limit :limit
