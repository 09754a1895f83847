-- Book an appointment: what a rule forbids or what overlaps is refused, the claims of its time follow by trigger.
with asked as materialized (
    select
        :patient_id::bigint as patient_id,
        :doctor_id::bigint as doctor_id,
        :chair_id::bigint as chair_id,
        :service_ids::bigint[] as service_ids,
        :starts_at::timestamptz as starts_at,
        booking_end(:starts_at, :ends_at, :duration_min, :service_ids) as ends_at,
        -- before the rules are looked at, so that nobody archives or merges them in the meantime
        hold_for_booking(:patient_id, :doctor_id, :chair_id) as is_held
),
created as (
    insert into appointment (
        patient_id, doctor_id, chair_id, service_ids, starts_at, ends_at, note, is_overbooked, is_outside_hours,
        override_reason, buffer_minutes, created_by
    )
    select
        asked.patient_id,
        asked.doctor_id,
        asked.chair_id,
        asked.service_ids,
        asked.starts_at,
        asked.ends_at,
        :note,
        -- asked for here; a trigger takes it back when nothing overlaps
        :allow_overlap::boolean,
        :allow_outside_hours::boolean,
        :override_reason::text,
        clinic_settings.buffer_minutes,
        :caller_id::bigint
    from asked
    cross join clinic_settings
    where (
            select count(refuse(fault.status, fault.code, fault.extra))
            from booking_faults(
                asked.patient_id, asked.doctor_id, asked.chair_id, asked.service_ids, asked.starts_at,
                tstzrange(asked.starts_at, asked.ends_at), :allow_outside_hours::boolean
            ) as fault
        ) = 0
        and acting(:context)
    returning appointment as written
),
event as (
    insert into appointment_event (appointment_id, actor_id, action, to_status, note)
    select (written).appointment_id, :caller_id::bigint, 'book', (written).status, :override_reason::text
    from created
)
select shown.*
from created
cross join lateral appointment_answer(created.written, :own_patient_id::bigint) as shown
