-- The teeth of an item, for the list.
select
    item_tooth.treatment_item_tooth_id,
    item_tooth.tooth_id,
    tooth_code(tooth) as code,
    item_tooth.surfaces,
    item_tooth.condition,
    item_tooth.note,
    item_tooth.version
from treatment_item_tooth as item_tooth
join tooth_definition as tooth on tooth.tooth_id = item_tooth.tooth_id
where item_tooth.treatment_item_id = :treatment_item_id
    and item_tooth.deleted_at is null
