-- How much work waits for a worker, since when the oldest could have been done, and how much was given up.
select
    count(*) filter (where failed_at is null and available_at <= now()) as waiting,
    coalesce(
        extract(epoch from now() - min(available_at) filter (where failed_at is null and available_at <= now())), 0
    )::float as oldest_age_s,
    count(*) filter (where failed_at is not null) as dead
from outbox
