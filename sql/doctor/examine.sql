-- What can be wrong with a database.
select
    has_schema_privilege('public', 'create') or (select rolsuper from pg_roles where rolname = current_user) as is_mighty,
    array(select extname::text from pg_extension) as extensions,
    current_setting('max_connections')::integer as max_connections,
    clock_timestamp() as now,
    exists (select from dcms_user where is_active and roles @> array['admin']) as has_admin,
    timezone,
    array(
        select noon at time zone 'UTC' at time zone timezone
        from generate_series(0, 730) as number
        cross join lateral (select (now() at time zone 'UTC')::date + number + time '12:00' as noon) as day
        order by noon
    ) as local_noons
from clinic_settings
