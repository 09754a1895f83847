-- A message for every second appointment, and a call for every tenth.
with wanted as materialized (
    select appointment.appointment_id, appointment.patient_id, patient_phone.e164, appointment.created_at
    from appointment
    join patient_phone on patient_phone.patient_id = appointment.patient_id and patient_phone.is_primary
    where appointment.appointment_id >= :first_appointment
),
sent as (
    insert into sms (
        patient_id, e164, direction, text, status, segments, encoding, appointment_id, provider, provider_message_id,
        sent_at, delivered_at, received_at, reviewed_at, reviewed_by, created_at, updated_at
    )
    select
        patient_id,
        e164,
        case when appointment_id % 8 = 0 then 'in' else 'out' end,
        case when appointment_id % 8 = 0 then 'Thank you, see you then' else 'We look forward to seeing you' end
            -- a clinic's vocabulary grows slowly
            || ' ref' || appointment_id % 997,
        case when appointment_id % 8 = 0 then 'received' else 'delivered' end,
        1,
        'GSM-7',
        appointment_id,
        'console',
        'SMbench' || appointment_id,
        case when appointment_id % 8 <> 0 then created_at end,
        case when appointment_id % 8 <> 0 then created_at end,
        case when appointment_id % 8 = 0 then created_at end,
        case when appointment_id % 8 = 0 then created_at end,
        case when appointment_id % 8 = 0 then 5 end,
        created_at,
        created_at
    from wanted
    where appointment_id % 2 = 0
    order by appointment_id
)
insert into call (e164, patient_id, direction, contact_type, status, started_at, answered_at, ended_at, created_at, updated_at)
select
    e164,
    patient_id,
    'in',
    'patient',
    'completed',
    created_at,
    created_at + interval '4 seconds',
    created_at + interval '90 seconds',
    created_at,
    created_at
from wanted
where appointment_id % 10 = 0
order by appointment_id
