-- Up to where a standby shows the primary's log; no row from a server that takes writes.
select
    lpad(upper(to_hex(timeline_id)), 8, '0') as timeline,
    (pg_last_wal_replay_lsn() - '0/0'::pg_lsn)::bigint as position
from pg_control_checkpoint()
where pg_is_in_recovery()
