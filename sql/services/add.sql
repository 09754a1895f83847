-- Add a service; a trigger gives it a number unless it has one.
insert into service_catalog (
    code, name, service_type, description, duration_min, price, display_number, resulting_condition
)
select code, name, service_type, description, duration_min, price, display_number, resulting_condition
from jsonb_populate_record(null::service_catalog, :service::jsonb)
where acting(:context)
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
