-- Change or move an appointment; the rules are asked about what changes, and nothing is written when nothing does.
with found as materialized (
    select hold_for_booking(
        patient_id,
        coalesce((:changes::jsonb ->> 'doctor_id')::bigint, doctor_id),
        case when :changes::jsonb ? 'chair_id' then (:changes::jsonb ->> 'chair_id')::bigint else chair_id end
    ) as is_held
    from appointment
    where appointment_id = :appointment_id
),
stored as materialized (
    select appointment as was
    from appointment
    where appointment_id = :appointment_id
        -- read before the appointment is locked; see hold_for_booking
        and (select is_held from found)
        and require_version(version, :if_match)
    for update
),
wanted as materialized (
    select
        was,
        changed.doctor_id,
        changed.chair_id,
        changed.service_ids,
        changed.note,
        changed.starts_at,
        case
            when :changes::jsonb ? 'ends_at' then changed.ends_at
            else changed.starts_at
                + coalesce(make_interval(mins => :duration_min::integer), (stored.was).ends_at - (stored.was).starts_at)
        end as ends_at
    from stored
    cross join lateral jsonb_populate_record(stored.was, :changes::jsonb) as changed
),
compared as materialized (
    select
        wanted.*,
        difference.changes,
        difference.changes ?| array['starts_at', 'ends_at', 'doctor_id'] as has_moved
    from wanted
    cross join lateral (
        select coalesce(jsonb_object_agg(field, jsonb_build_array(before, after)), '{}') as changes
        from (
            values
                ('doctor_id', to_jsonb((was).doctor_id), to_jsonb(doctor_id)),
                ('chair_id', to_jsonb((was).chair_id), to_jsonb(chair_id)),
                ('service_ids', to_jsonb((was).service_ids), to_jsonb(service_ids)),
                ('starts_at', to_jsonb((was).starts_at), to_jsonb(starts_at)),
                ('ends_at', to_jsonb((was).ends_at), to_jsonb(ends_at)),
                ('note', to_jsonb((was).note), to_jsonb(note))
        ) as fields (field, before, after)
        where before is distinct from after
    ) as difference
),
allowed as materialized (
    select compared.*
    from compared
    where (
            (was).status not in ('finished', 'cancelled', 'no_show')
            or changes - 'note' = '{}'
            or refuse(
                409, 'invalid_transition',
                jsonb_build_object('allowed', allowed_actions((was).status, :permissions::text[]))
            )
        )
        and (
            ends_at - starts_at between interval '5 minutes' and interval '12 hours'
            or refuse(400, 'invalid_request', '{"field": "ends_at", "detail": "must be 5 minutes to 12 hours after the start"}')
        )
        and (
            select count(refuse(fault.status, fault.code, fault.extra))
            from booking_faults(
                case when has_moved then (was).patient_id end,
                case when has_moved then doctor_id end,
                case when changes ? 'chair_id' then chair_id end,
                array(select unnest(service_ids) except select unnest((was).service_ids)),
                case when changes ? 'starts_at' then starts_at end,
                tstzrange(starts_at, ends_at),
                :allow_outside_hours::boolean
            ) as fault
        ) = 0
        and acting(:context)
),
changed as (
    update appointment
    set
        doctor_id = allowed.doctor_id,
        chair_id = allowed.chair_id,
        service_ids = allowed.service_ids,
        note = allowed.note,
        starts_at = allowed.starts_at,
        ends_at = allowed.ends_at,
        buffer_minutes = case when allowed.has_moved then clinic_settings.buffer_minutes else appointment.buffer_minutes end,
        is_outside_hours = case when allowed.has_moved then :allow_outside_hours::boolean else appointment.is_outside_hours end,
        is_overbooked = case
            when allowed.has_moved or changes ? 'chair_id' then :allow_overlap::boolean
            else appointment.is_overbooked
        end,
        override_reason = coalesce(:override_reason::text, appointment.override_reason)
    from allowed
    cross join clinic_settings
    where appointment.appointment_id = (allowed.was).appointment_id
        and allowed.changes <> '{}'
    returning appointment as written
),
event as (
    insert into appointment_event (appointment_id, actor_id, action, from_status, to_status, changes, note)
    select
        (written).appointment_id,
        :caller_id::bigint,
        case when has_moved or changes ? 'chair_id' then 'move' else 'update' end,
        (was).status,
        (written).status,
        changes,
        :override_reason::text
    from changed
    cross join allowed
)
select shown.*
from (
    select written from changed
    union all
    select was from allowed where changes = '{}'
) as result
cross join lateral appointment_answer(result.written, :own_patient_id::bigint) as shown
