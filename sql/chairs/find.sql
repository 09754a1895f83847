-- Every chair.
select chair_id, name, is_active, created_at, updated_at, version, lower(unaccent(name)) as sort_name
from chair
