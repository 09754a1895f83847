-- Archive a patient whose row is locked; his future appointments are cancelled, or stand against it.
with future as (
    select appointment.appointment_id, appointment.status
    from appointment
    join patient on patient.patient_id = appointment.patient_id
    where appointment.patient_id = :patient_id
        and appointment.starts_at > statement_timestamp()
        and appointment.status in ('booked', 'confirmed', 'came')
        and patient.archived_at is null
    for update of appointment
),
archived as (
    update patient
    set archived_at = coalesce(archived_at, now()), status = 'archived'
    where patient_id = :patient_id
        and (
            :cancel_future::boolean
            or not exists (select from future)
            or refuse(409, 'has_future_appointments', jsonb_build_object('count', (select count(*) from future)))
        )
        and acting(:context)
    returning patient_id
),
cancelled as (
    update appointment
    set status = 'cancelled', cancelled_at = now(), cancelled_by = 'clinic'
    from future
    cross join archived
    where appointment.appointment_id = future.appointment_id
    returning appointment.appointment_id, future.status as from_status
),
events as (
    insert into appointment_event (appointment_id, actor_id, action, from_status, to_status)
    select appointment_id, :caller_id, 'cancel', from_status, 'cancelled'
    from cancelled
    order by appointment_id
)
select patient_id
from archived
