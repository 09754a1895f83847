-- Disable or enable a service.
update service_catalog
set is_active = :is_active
where service_id = :service_id
    and require_version(version, :if_match)
    and acting(:context)
returning
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
