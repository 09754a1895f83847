-- The teeth of an item, for the list; to a patient's login only his own, without the staff's notes.
select
    item_tooth.treatment_item_tooth_id,
    item_tooth.tooth_id,
    tooth_code(tooth) as code,
    item_tooth.surfaces,
    item_tooth.condition,
    case when :own_patient_id::bigint is null then item_tooth.note end as note,
    item_tooth.version
from treatment_item_tooth as item_tooth
join tooth_definition as tooth on tooth.tooth_id = item_tooth.tooth_id
where item_tooth.treatment_item_id = :treatment_item_id
    and item_tooth.deleted_at is null
    and (:own_patient_id::bigint is null or item_tooth.patient_id = :own_patient_id)
