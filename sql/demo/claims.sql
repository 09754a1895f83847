-- The claims of appointments that were loaded without triggers: what keep_claims() would have made.
insert into appointment_claim (appointment_id, resource_kind, resource_id, during, layer)
select
    appointment.appointment_id,
    claims.resource_kind,
    claims.resource_id,
    tstzrange(appointment.starts_at, appointment.ends_at),
    0
from appointment
cross join lateral (
    values ('chair', appointment.chair_id), ('doctor', appointment.doctor_id), ('patient', appointment.patient_id)
) as claims (resource_kind, resource_id)
where appointment.status not in ('cancelled', 'no_show')
    and claims.resource_id is not null
