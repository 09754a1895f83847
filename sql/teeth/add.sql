-- Add an extra tooth, which has no FDI number; its id is a free one unless sent.
insert into tooth_definition (tooth_id, universal, palmer, name, dentition, arch, side, position, surfaces)
select
    coalesce(new.tooth_id, free_tooth_id()),
    new.universal,
    new.palmer,
    new.name,
    new.dentition,
    new.arch,
    new.side,
    new.position,
    new.surfaces
from jsonb_populate_record(null::tooth_definition, :tooth::jsonb) as new
where acting(:context)
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
