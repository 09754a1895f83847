-- The constraints and indexes that slow a load down: how each is dropped, and how it is made again.
select
    format('alter table %s drop constraint %I', conrelid::regclass, conname) as taken,
    format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as put_back
from pg_constraint
where conrelid = any (:tables::text[]::regclass[])
    and contype in ('f', 'x')
    and conparentid = 0
union all
select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
from pg_index
where indrelid = any (:tables::text[]::regclass[])
    and not indisprimary
    and not exists (select from pg_constraint where conindid = indexrelid)
