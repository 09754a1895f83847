-- Disable or enable a chair.
update chair
set is_active = :is_active
where chair_id = :chair_id
    and require_version(version, :if_match)
    and acting(:context)
returning chair_id, name, is_active, created_at, updated_at, version
