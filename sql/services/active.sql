-- Every active service.
select
    service_id,
    code,
    name,
    service_type,
    description,
    duration_min,
    price,
    display_number,
    resulting_condition,
    is_active,
    version
from service_catalog
where is_active
order by display_number
