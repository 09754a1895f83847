-- Forget jobs that were given up long ago.
delete from outbox
where failed_at < now() - make_interval(days => :kept_days)
