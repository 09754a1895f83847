-- A snapshot that pg_dump can share.
select pg_export_snapshot()
