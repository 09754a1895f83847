-- One position.
select position_id, name, description, is_active, is_clinical, version
from position
where position_id = :position_id
