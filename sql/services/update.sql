-- Change what :changes names of a service.
update service_catalog
set (
    code, name, service_type, description, duration_min, price, display_number, resulting_condition
) = (
    select
        changed.code,
        changed.name,
        changed.service_type,
        changed.description,
        changed.duration_min,
        changed.price,
        changed.display_number,
        changed.resulting_condition
    from jsonb_populate_record(service_catalog, :changes::jsonb) as changed
)
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
