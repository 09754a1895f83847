-- Every position.
select position_id, name, description, is_active, is_clinical, version, lower(unaccent(name)) as sort_name
from position
