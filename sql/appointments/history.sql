-- The steps of an appointment.
select
    appointment_event.event_id,
    appointment_event.at,
    appointment_event.actor_id,
    dcms_user.display_name as actor_name,
    appointment_event.action,
    appointment_event.from_status,
    appointment_event.to_status,
    appointment_event.changes,
    appointment_event.note
from appointment_event
left join dcms_user on dcms_user.user_id = appointment_event.actor_id
where appointment_event.appointment_id = :appointment_id
