-- One item with its teeth; to a patient's login only his own, without the staff's notes.
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
    case when :own_patient_id::bigint is null then item.note end as note,
    treatment_item_teeth(item.treatment_item_id, :own_patient_id::bigint is null) as teeth,
    item.version
from treatment_item as item
where item.treatment_item_id = :treatment_item_id
    and item.deleted_at is null
    and (:own_patient_id::bigint is null or item.patient_id = :own_patient_id)
