-- Change what :changes names of a tooth; of an ISO tooth only its name and whether it is in use.
update tooth_definition as tooth
set (universal, palmer, name, dentition, arch, side, position, surfaces, is_active) = (
    select
        changed.universal,
        changed.palmer,
        changed.name,
        changed.dentition,
        changed.arch,
        changed.side,
        changed.position,
        changed.surfaces,
        changed.is_active
    from jsonb_populate_record(tooth, :changes::jsonb) as changed
)
where tooth_id = :tooth_id
    and require_version(version, :if_match)
    and (
        fdi is null
        or to_jsonb(tooth) @> (:changes::jsonb - array['name', 'is_active'])
        or refuse(422, 'refused', '{"detail": "Of a tooth of ISO 3950 only name and is_active can be changed."}')
    )
    and acting(:context)
returning
    tooth_id,
    fdi,
    universal,
    palmer,
    name,
    dentition,
    arch,
    side,
    position,
    surfaces,
    is_active,
    version
