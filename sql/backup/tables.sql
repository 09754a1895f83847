-- The tables that hold a clinic, with their partitions as one.
select relname::text as name
from pg_class
where relnamespace = 'public'::regnamespace
    and relkind in ('r', 'p')
    and not relispartition
order by relname
