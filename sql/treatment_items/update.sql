-- Change what :changes names of an item, and count it as a change of its treatment.
with parent as materialized (
    select item.treatment_item_id, item.treatment_id, item.patient_id, item.version, treatment.performed_on
    from treatment
    join treatment_item as item on item.treatment_id = treatment.treatment_id
    where item.treatment_item_id = :treatment_item_id
        and item.deleted_at is null
        and treatment.deleted_at is null
        and require_version(item.version, :if_match)
    for update of treatment, item
),
changed as (
    update treatment_item as item
    set (
        service_id, service_name, resulting_condition, quantity, unit_price, discount, status, done_at, note
    ) = (
        select
            service.service_id,
            case when service.service_id = item.service_id then item.service_name else service.name end,
            case when service.service_id = item.service_id then item.resulting_condition else service.resulting_condition end,
            wanted.quantity,
            case
                when service.service_id = item.service_id or :changes::jsonb ? 'unit_price' then wanted.unit_price
                else service.price
            end,
            wanted.discount,
            wanted.status,
            case
                when wanted.status = 'done' then coalesce(wanted.done_at, default_done_at(parent.performed_on))
            end,
            wanted.note
        from jsonb_populate_record(item, :changes::jsonb) as wanted
        join service_catalog as service on service.service_id = wanted.service_id
    )
    from parent
    where item.treatment_item_id = parent.treatment_item_id
        and (
            coalesce((:changes::jsonb ->> 'service_id')::bigint, item.service_id) = item.service_id
            or check_treatment_items(
                jsonb_build_array(jsonb_build_object('place', '', 'service_id', :changes::jsonb -> 'service_id')), '[]'
            )
        )
        and acting(:context)
    returning item.treatment_item_id, item.treatment_id, item.version
),
touched as (
    update treatment
    set version = treatment.version + 1
    from changed
    join parent on parent.version <> changed.version
    where treatment.treatment_id = changed.treatment_id
)
select treatment_item_id
from changed
