-- Take a tooth off an item, and count it as a change of the item and of its treatment.
with parent as materialized (
    select item_tooth.treatment_item_tooth_id, item_tooth.treatment_item_id, item.treatment_id, item_tooth.version
    from treatment
    join treatment_item as item on item.treatment_id = treatment.treatment_id
    join treatment_item_tooth as item_tooth on item_tooth.treatment_item_id = item.treatment_item_id
    where item.treatment_item_id = :treatment_item_id
        and item_tooth.tooth_id = :tooth_id
        and item_tooth.deleted_at is null
        and item.deleted_at is null
        and treatment.deleted_at is null
        and require_version(item_tooth.version, :if_match)
    for update of treatment, item, item_tooth
),
gone as (
    update treatment_item_tooth as item_tooth
    set deleted_at = now()
    from parent
    where item_tooth.treatment_item_tooth_id = parent.treatment_item_tooth_id
        and acting(:context)
    returning item_tooth.treatment_item_tooth_id
),
touched_item as (
    update treatment_item as item
    set version = item.version + 1
    from gone
    join parent on parent.treatment_item_tooth_id = gone.treatment_item_tooth_id
    where item.treatment_item_id = parent.treatment_item_id
),
touched_treatment as (
    update treatment
    set version = treatment.version + 1
    from gone
    join parent on parent.treatment_item_tooth_id = gone.treatment_item_tooth_id
    where treatment.treatment_id = parent.treatment_id
)
select treatment_item_tooth_id
from gone
