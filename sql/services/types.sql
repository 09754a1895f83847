-- The active services of the types after :after, as many types as :limit.
with type as (
    select distinct service_type
    from service_catalog
    where is_active
        and (:after::text is null or service_type > :after)
    order by service_type
    limit :limit
)
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
join type using (service_type)
where is_active
order by service_type, display_number
