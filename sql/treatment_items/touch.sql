-- Lock an item for a change of its teeth, and count that as one of the item and of its treatment.
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
touched_treatment as (
    update treatment
    set version = treatment.version + 1
    from parent
    where treatment.treatment_id = parent.treatment_id
        and acting(:context)
),
touched as (
    update treatment_item as item
    set version = item.version + 1
    from parent
    where item.treatment_item_id = parent.treatment_item_id
    returning item.treatment_item_id
)
select treatment_item_id
from touched
