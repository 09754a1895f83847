-- A patient's treatments of one tooth, with what was done on it.
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
                treatment_item_teeth(item.treatment_item_id, :own_patient_id::bigint is null, :tooth_id::bigint),
                item.version
            )
        from treatment_item as item
        where item.treatment_id = treatment.treatment_id
            and item.deleted_at is null
            and exists (
                select
                from treatment_item_tooth as item_tooth
                where item_tooth.treatment_item_id = item.treatment_item_id
                    and item_tooth.tooth_id = :tooth_id
                    and item_tooth.deleted_at is null
            )
        order by item.treatment_item_id
    ) as items
from treatment
where deleted_at is null
    and patient_id = :patient_id
    and treatment_id in (
        select item.treatment_id
        from treatment_item_tooth as item_tooth
        join treatment_item as item on item.treatment_item_id = item_tooth.treatment_item_id
        where item_tooth.patient_id = :patient_id
            and item_tooth.tooth_id = :tooth_id
            and item_tooth.deleted_at is null
            and item.deleted_at is null
    )
