-- What a patient's chart is made of at the end of a day: the teeth, what was found or done on them, what was planned then.
select
    patient.patient_id,
    coalesce(:system, clinic_settings.tooth_system) as system,
    day.as_of,
    coalesce(patient.birth_date + interval '13 years' > day.as_of, false) as is_child,
    array(
        select
            row(
                tooth.tooth_id,
                tooth_code(tooth, :system),
                tooth.name,
                tooth.dentition,
                tooth.arch,
                tooth.side,
                tooth.position,
                tooth.surfaces,
                tooth.fdi is null
            )
        from tooth_definition as tooth
        order by tooth.tooth_id
    ) as teeth,
    array(
        select
            row(
                item_tooth.tooth_id,
                item.done_at,
                coalesce(item_tooth.condition, item.resulting_condition),
                item_tooth.surfaces
            )
        from treatment_item_tooth as item_tooth
        join treatment_item as item on item.treatment_item_id = item_tooth.treatment_item_id
        where item_tooth.patient_id = patient.patient_id
            and item_tooth.deleted_at is null
            and item.deleted_at is null
            and item.done_at < day.ends_at
        order by item.done_at, item.treatment_item_id
    ) as events,
    array(
        select
            row(
                item_tooth.tooth_id,
                item.treatment_item_id,
                item.service_name,
                coalesce(item_tooth.condition, item.resulting_condition),
                item_tooth.surfaces
            )
        from treatment_item_tooth as item_tooth
        join treatment_item as item on item.treatment_item_id = item_tooth.treatment_item_id
        where item_tooth.patient_id = patient.patient_id
            and item_tooth.deleted_at is null
            and item.deleted_at is null
            and item_tooth.created_at < day.ends_at
            and (item.done_at is null or item.done_at >= day.ends_at)
        order by item.treatment_item_id
    ) as plans
from patient
cross join clinic_settings
cross join lateral (
    select
        given.as_of,
        local_instant(given.as_of + interval '1 day', clinic_settings.timezone) as ends_at
    from (
        select coalesce(:as_of::date, (now() at time zone clinic_settings.timezone)::date) as as_of
    ) as given
) as day
where patient.patient_id = :patient_id
    and (:own_patient_id::bigint is null or patient.patient_id = :own_patient_id)
