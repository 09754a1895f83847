-- One treatment with its items; to a patient's login only his own, without the staff's notes.
select
    treatment_id,
    patient_id,
    doctor_id,
    appointment_id,
    status,
    performed_on,
    diagnosis,
    case when :own_patient_id::bigint is null then note end as note,
    treatment_total(treatment_id) as total,
    created_by,
    created_at,
    updated_at,
    version,
    array(
        select
            row(
                item.treatment_item_id,
                item.treatment_id,
                item.service_id,
                item.service_name,
                item.quantity,
                item.unit_price,
                item.discount,
                round(item.quantity * item.unit_price - item.discount, 2),
                item.status,
                item.done_at,
                case when :own_patient_id::bigint is null then item.note end,
                treatment_item_teeth(item.treatment_item_id, :own_patient_id::bigint is null),
                item.version
            )
        from treatment_item as item
        where item.treatment_id = treatment.treatment_id
            and item.deleted_at is null
        order by item.treatment_item_id
    ) as items
from treatment
where treatment_id = :treatment_id
    and deleted_at is null
    and (:own_patient_id::bigint is null or patient_id = :own_patient_id)
