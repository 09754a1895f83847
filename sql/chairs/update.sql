-- Change what :changes names of a chair.
update chair
set name = (select changed.name from jsonb_populate_record(chair, :changes::jsonb) as changed)
where chair_id = :chair_id
    and require_version(version, :if_match)
    and acting(:context)
returning chair_id, name, is_active, created_at, updated_at, version
