-- Every item of a treatment with its teeth, for the filters of a search; to a patient's login only his own, without notes.
select
    item.treatment_item_id,
    item.patient_id,
    treatment.doctor_id,
    concat_ws(' ', employee.title, employee.first_name, employee.last_name) as doctor_name,
    treatment.diagnosis,
    service_catalog.code as service_code,
    item.service_name,
    item.status,
    item.done_at,
    case when :own_patient_id::bigint is null then item.note end as note,
    array(
        select row(tooth.tooth_id, tooth.fdi, tooth.name, item_tooth.surfaces)
        from treatment_item_tooth as item_tooth
        join tooth_definition as tooth on tooth.tooth_id = item_tooth.tooth_id
        where item_tooth.treatment_item_id = item.treatment_item_id
            and item_tooth.deleted_at is null
        order by tooth.tooth_id
    ) as teeth,
    treatment.updated_at,
    treatment.version
from treatment_item as item
join treatment on treatment.treatment_id = item.treatment_id
join employee on employee.employee_id = treatment.doctor_id
join service_catalog on service_catalog.service_id = item.service_id
where item.deleted_at is null
    and treatment.deleted_at is null
    and (:own_patient_id::bigint is null or item.patient_id = :own_patient_id)
