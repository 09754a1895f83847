-- The migrations that are applied.
select migration_id
from _yoyo_migration
