-- Add appointments, those of a file that are not in yet, with the steps to their status; how many. As history they may
-- lie outside of hours, notice and horizon, and take no buffer: whoever made them knew none.
with asked as materialized (
    select
        nextval(pg_get_serial_sequence('appointment', 'appointment_id')) as appointment_id,
        booking_end(starts_at, asked_end, duration_min, service_ids) as ends_at,
        row_of_file.*
    from jsonb_to_recordset(:appointments::jsonb) as row_of_file (
        place integer, source_id text, digest text, patient_id bigint, doctor_id bigint, chair_id bigint,
        service_ids bigint[], starts_at timestamptz, asked_end timestamptz, duration_min integer, note text,
        allow_overlap boolean, override_reason text, status text, cancel_reason text, cancelled_by text
    )
),
-- in one order, so that two runs can't wait for each other; the second one waits here and finds the row taken
claimed as (
    insert into import_row (source, kind, source_id, entity_id, digest)
    select :source, 'appointment', source_id, appointment_id, decode(digest, 'hex')
    from asked
    order by source_id
    on conflict do nothing
    returning entity_id as appointment_id
),
created as (
    insert into appointment (
        appointment_id, patient_id, doctor_id, chair_id, service_ids, starts_at, ends_at, status, note, cancel_reason,
        is_overbooked, is_outside_hours, override_reason, confirmed_at, checked_in_at, finished_at, cancelled_at,
        cancelled_by, created_by
    )
    overriding system value
    select
        asked.appointment_id,
        asked.patient_id,
        asked.doctor_id,
        asked.chair_id,
        asked.service_ids,
        asked.starts_at,
        asked.ends_at,
        asked.status,
        asked.note,
        asked.cancel_reason,
        asked.allow_overlap,
        -- what is to come shows as uncovered when the doctor doesn't work then
        asked.starts_at < now(),
        asked.override_reason,
        case when asked.status = 'confirmed' then least(asked.starts_at, now()) end,
        case when asked.status in ('came', 'finished') then least(asked.starts_at, now()) end,
        case when asked.status = 'finished' then least(asked.ends_at, now()) end,
        case when asked.status = 'cancelled' then least(asked.starts_at, now()) end,
        asked.cancelled_by,
        :caller_id::bigint
    from asked
    join claimed on claimed.appointment_id = asked.appointment_id
    where (
            select count(refuse(fault.status, fault.code, fault.extra))
            from booking_faults(
                asked.patient_id, asked.doctor_id, asked.chair_id, asked.service_ids, asked.starts_at,
                tstzrange(asked.starts_at, asked.ends_at), true
            ) as fault
        ) = 0
        and acting(:context)
    order by asked.place
    returning appointment_id, status
),
event as (
    insert into appointment_event (appointment_id, actor_id, action, from_status, to_status, note)
    select created.appointment_id, :caller_id::bigint, step.action, step.from_status, step.to_status, :note
    from created
    join (
        values
            (1, null, 'book', null, 'booked'),
            (2, 'confirmed', 'confirm', 'booked', 'confirmed'),
            (2, 'came', 'check_in', 'booked', 'came'),
            (2, 'finished', 'check_in', 'booked', 'came'),
            (3, 'finished', 'finish', 'came', 'finished'),
            (2, 'cancelled', 'cancel', 'booked', 'cancelled'),
            (2, 'no_show', 'no_show', 'booked', 'no_show')
    ) as step (place, status, action, from_status, to_status)
        on coalesce(step.status, created.status) = created.status
    order by created.appointment_id, step.place
)
select count(*)
from created
