-- The appointments of a feed, by start: 30 days back, 365 ahead. A patient is read only for who may see his initials.
select
    appointment.appointment_id,
    appointment.starts_at,
    appointment.ends_at,
    appointment.status,
    appointment.created_at,
    appointment.updated_at,
    appointment.version,
    patient.patient_id,
    upper(left(patient.first_name, 1)) || '. ' || upper(left(patient.last_name, 1)) || '.' as initials,
    array(
        select service_catalog.name
        from unnest(appointment.service_ids) with ordinality as wanted (service_id, place)
        join service_catalog on service_catalog.service_id = wanted.service_id
        where patient.patient_id is not null
        order by wanted.place
    ) as services
from appointment
left join patient on patient.patient_id = appointment.patient_id and :details::text = 'initials'
where appointment.doctor_id = :employee_id
    and appointment.starts_at > now() - interval '30 days'
    and appointment.starts_at < now() + interval '365 days'
    and appointment.status not in ('cancelled', 'no_show')
order by appointment.starts_at, appointment.appointment_id
limit :most
