-- Disable or enable a position.
update position
set is_active = :is_active
where position_id = :position_id
    and require_version(version, :if_match)
    and acting(:context)
returning position_id, name, description, is_active, is_clinical, version
