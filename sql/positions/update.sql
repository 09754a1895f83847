-- Change what :changes names of a position.
update position
set (name, description, is_clinical) = (
    select changed.name, changed.description, changed.is_clinical
    from jsonb_populate_record(position, :changes::jsonb) as changed
)
where position_id = :position_id
    and require_version(version, :if_match)
    and acting(:context)
returning position_id, name, description, is_active, is_clinical, version
