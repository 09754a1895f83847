-- What was found or done on a patient's tooth, for the list.
select
    item.done_at as at,
    coalesce(item_tooth.condition, item.resulting_condition) as condition,
    item_tooth.surfaces,
    item.treatment_id,
    item.treatment_item_id,
    treatment.doctor_id
from treatment_item_tooth as item_tooth
join treatment_item as item on item.treatment_item_id = item_tooth.treatment_item_id
join treatment on treatment.treatment_id = item.treatment_id
where item_tooth.patient_id = :patient_id
    and item_tooth.tooth_id = :tooth_id
    and item_tooth.deleted_at is null
    and item.deleted_at is null
    and item.done_at is not null
    and coalesce(item_tooth.condition, item.resulting_condition) is not null
