-- One item with its teeth.
select
    item.treatment_item_id,
    item.treatment_id,
    item.service_id,
    item.service_name,
    item.quantity,
    item.unit_price,
    item.discount,
    round(item.quantity * item.unit_price - item.discount, 2) as total,
    item.status,
    item.done_at,
    item.note,
    treatment_item_teeth(item.treatment_item_id, true) as teeth,
    item.version
from treatment_item as item
where item.treatment_item_id = :treatment_item_id
    and item.deleted_at is null
