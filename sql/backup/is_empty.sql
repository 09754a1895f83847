-- Whether a database holds no tables yet.
select not exists (select from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p'))
