-- One tooth.
select
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
from tooth_definition
where tooth_id = :tooth_id
