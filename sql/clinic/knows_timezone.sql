-- Whether the database knows a time zone.
select exists (select from pg_timezone_names where name = :timezone)
