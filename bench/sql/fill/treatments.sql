-- What was done in the finished appointments: one service each.
with performed as (
    insert into treatment (
        patient_id, doctor_id, appointment_id, status, performed_on, diagnosis, created_by, created_at, updated_at
    )
    select patient_id, doctor_id, appointment_id, 'completed', finished_at::date, 'caries', 3, finished_at, finished_at
    from appointment
    where appointment_id >= :first_appointment
        and status = 'finished'
    order by appointment_id
    returning treatment_id, patient_id, appointment_id, created_at
)
insert into treatment_item (
    treatment_id, patient_id, service_id, service_name, quantity, unit_price, status, done_at, created_at, updated_at
)
select
    performed.treatment_id,
    performed.patient_id,
    service_catalog.service_id,
    service_catalog.name,
    1,
    service_catalog.price,
    'done',
    performed.created_at,
    performed.created_at,
    performed.created_at
from performed
join service_catalog on service_catalog.service_id = 1 + performed.appointment_id % 16
order by performed.treatment_id
