-- Every tooth with its code in a notation, for the list's filters.
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
    version,
    tooth_code(tooth_definition, :system) as code
from tooth_definition
