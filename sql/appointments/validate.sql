-- What stands against a booking: the rules first, then the appointments it would overlap. Nothing is written or held.
with asked as materialized (
    select booking_end(:starts_at, :ends_at, :duration_min, :service_ids) as ends_at
    where :appointment_id::bigint is null
        or exists (select from appointment where appointment_id = :appointment_id)
        or refuse(422, 'unknown_reference', '{"field": "appointment_id", "detail": "There is no such appointment."}')
)
select
    fault.code,
    fault.extra ->> 'detail' as message,
    null::bigint as appointment_id,
    null::timestamptz as starts_at,
    null::timestamptz as ends_at,
    null::text as resource
from asked
cross join lateral booking_faults(
    :patient_id, :doctor_id, :chair_id, :service_ids, :starts_at, tstzrange(:starts_at, asked.ends_at), :allow_outside_hours
) as fault
union all
(
    select null, null, met.appointment_id, met.starts_at, met.ends_at, met.resource
    from asked
    cross join clinic_settings
    cross join lateral overlapping_claims(
        :patient_id, :doctor_id, :chair_id, :starts_at, asked.ends_at, clinic_settings.buffer_minutes, :appointment_id
    ) as met
    order by met.starts_at, met.appointment_id, met.resource
)
