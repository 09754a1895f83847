-- Claim jobs that are due, the lowest lanes first, for the length of a lease. What others just claim is passed over.
with due as materialized (
    select job.outbox_id
    from generate_series(0, 2) as lane
    cross join lateral (
        select outbox_id, available_at
        from outbox
        where outbox.lane = lane.lane
            and failed_at is null
            and available_at <= now()
        order by available_at, outbox_id
        limit (select :jobs::integer)
        for update skip locked
    ) as job
    order by lane.lane, job.available_at, job.outbox_id
    limit (select :jobs::integer)
)
update outbox
set attempts = attempts + 1,
    lease_token = :lease_token,
    available_at = now() + make_interval(secs => :lease_s::float8)
from due
where outbox.outbox_id = due.outbox_id
returning outbox.outbox_id, outbox.kind, outbox.payload, outbox.attempts, outbox.created_at, outbox.lease_token
