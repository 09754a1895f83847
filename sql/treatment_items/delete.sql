-- Take an item away, with its teeth; touched before, so that nobody adds one meanwhile.
with gone as (
    update treatment_item
    set deleted_at = now()
    where treatment_item_id = :treatment_item_id
        and deleted_at is null
        and acting(:context)
    returning treatment_item_id
),
gone_teeth as (
    update treatment_item_tooth as item_tooth
    set deleted_at = now()
    from gone
    where item_tooth.treatment_item_id = gone.treatment_item_id
        and item_tooth.deleted_at is null
)
select treatment_item_id
from gone
