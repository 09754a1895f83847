-- How each appointment was booked and finished, in the log of its steps and in the audit log.
with step as (
    insert into appointment_event (appointment_id, at, actor_id, action, from_status, to_status)
    select appointment_id, created_at, 5, 'book', null, 'booked'
    from appointment
    where appointment_id >= :first_appointment
    union all
    select appointment_id, finished_at, 5, 'finish', 'came', 'finished'
    from appointment
    where appointment_id >= :first_appointment
        and finished_at is not null
)
insert into audit_log (at, actor_id, action, entity, entity_id, patient_id, ip, request_id, after)
select
    created_at,
    5,
    'create',
    'appointment',
    appointment_id,
    patient_id,
    '10.0.0.7',
    md5(appointment_id::text),
    jsonb_build_object('doctor_id', doctor_id, 'starts_at', starts_at, 'status', 'booked')
from appointment
where appointment_id >= :first_appointment
order by appointment_id
