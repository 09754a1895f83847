-- Where the primary is in its log: everything committed by now lies before it.
select
    left(pg_walfile_name(pg_current_wal_lsn()), 8) as timeline,
    (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint as position
