-- The pages of the clinic's tables and indexes that this transaction has asked for so far.
select coalesce(sum(pg_stat_get_xact_blocks_fetched(pg_class.oid)), 0)::bigint as pages
from pg_class
join pg_namespace on pg_namespace.oid = pg_class.relnamespace
where pg_namespace.nspname in ('public', 'pg_toast')
    and pg_class.relkind in ('r', 'i', 't', 'm')
