-- One chair.
select chair_id, name, is_active, created_at, updated_at, version
from chair
where chair_id = :chair_id
