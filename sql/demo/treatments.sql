-- What was done in the finished appointments: the booked service, on a tooth where it leaves a mark.
with performed as (
    insert into treatment (
        patient_id, doctor_id, appointment_id, status, performed_on, diagnosis, created_by, created_at, updated_at
    )
    select
        appointment.patient_id,
        appointment.doctor_id,
        appointment.appointment_id,
        'completed',
        (appointment.starts_at at time zone clinic_settings.timezone)::date,
        case service_catalog.resulting_condition when 'filled' then 'caries' when 'extracted' then 'not worth saving' end,
        3,
        appointment.ends_at,
        appointment.ends_at
    from appointment
    join service_catalog on service_catalog.service_id = appointment.service_ids[1]
    cross join clinic_settings
    where appointment.status = 'finished'
    order by appointment.starts_at, appointment.appointment_id
    returning treatment_id, patient_id, appointment_id, created_at
),
item as (
    insert into treatment_item (
        treatment_id, patient_id, service_id, service_name, resulting_condition, quantity, unit_price, status, done_at
    )
    select
        performed.treatment_id,
        performed.patient_id,
        service_catalog.service_id,
        service_catalog.name,
        service_catalog.resulting_condition,
        1,
        service_catalog.price,
        'done',
        performed.created_at
    from performed
    join appointment on appointment.appointment_id = performed.appointment_id
    join service_catalog on service_catalog.service_id = appointment.service_ids[1]
    order by performed.treatment_id
    returning treatment_item_id, patient_id, service_id, resulting_condition
),
marked as (
    select item.*, teeth.tooth_id, teeth.surfaces
    from item
    cross join lateral (
        select tooth_definition.tooth_id, tooth_definition.surfaces
        from tooth_definition
        where tooth_definition.dentition = 'permanent'
            and tooth_definition.fdi is not null
            -- large fillings and crowns are for teeth that chew; a veneer is for one that shows
            and case when item.resulting_condition = 'veneer' then tooth_definition.position <= 3 else tooth_definition.position between 4 and 7 end
        order by md5(item.treatment_item_id || ':' || tooth_definition.tooth_id)
        limit 1
    ) as teeth
    where item.resulting_condition is not null
)
insert into treatment_item_tooth (treatment_item_id, patient_id, tooth_id, surfaces)
select
    treatment_item_id,
    patient_id,
    tooth_id,
    case
        when resulting_condition not in ('filled', 'sealed', 'inlay') then null
        when service_id % 2 = 0 then left(surfaces, 2)
        else substr(surfaces, 2, 1)
    end
from marked
order by treatment_item_id
