-- Take a treatment away, with its items and their teeth; touched before, so that nobody adds one meanwhile.
with gone as (
    update treatment
    set deleted_at = now()
    where treatment_id = :treatment_id
        and deleted_at is null
        and acting(:context)
    returning treatment_id
),
gone_items as (
    update treatment_item as item
    set deleted_at = now()
    from gone
    where item.treatment_id = gone.treatment_id
        and item.deleted_at is null
    returning item.treatment_item_id
),
gone_teeth as (
    update treatment_item_tooth as item_tooth
    set deleted_at = now()
    from gone_items
    where item_tooth.treatment_item_id = gone_items.treatment_item_id
        and item_tooth.deleted_at is null
)
select treatment_id
from gone
