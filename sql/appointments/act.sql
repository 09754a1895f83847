-- Take a step with an appointment (confirm, check_in, finish, cancel, no_show, reopen); one already done writes nothing.
with found as materialized (
    -- only reopening may take time again
    select :action <> 'reopen' or hold_for_booking(patient_id, doctor_id, chair_id) as is_held
    from appointment
    where appointment_id = :appointment_id
),
stored as materialized (
    select appointment as was
    from appointment
    where appointment_id = :appointment_id
        and (select is_held from found)
        and require_version(version, :if_match)
    for update
),
step as materialized (
    select stored.was, appointment_step.to_status
    from stored
    join appointment_step on appointment_step.action = :action and appointment_step.from_status = (stored.was).status
    where acting(:context)
        -- what had given its time back takes it again: no new time for the archived, nor for a chair out of use
        and (
            select count(refuse(fault.status, fault.code, fault.extra))
            from booking_faults((was).patient_id, (was).doctor_id, (was).chair_id, null, null, null, true) as fault
            where (was).status in ('cancelled', 'no_show')
        ) = 0
),
changed as (
    update appointment
    set
        status = step.to_status,
        confirmed_at = case :action when 'confirm' then now() when 'reopen' then null else confirmed_at end,
        checked_in_at = case :action when 'check_in' then now() when 'reopen' then null else checked_in_at end,
        finished_at = case :action when 'finish' then now() when 'reopen' then null else finished_at end,
        cancelled_at = case :action when 'cancel' then now() when 'reopen' then null else cancelled_at end,
        cancelled_by = case :action when 'cancel' then :by::text when 'reopen' then null else cancelled_by end,
        cancel_reason = case :action when 'cancel' then :reason::text when 'reopen' then null else cancel_reason end,
        -- one that comes back must fit
        is_overbooked = is_overbooked and status not in ('cancelled', 'no_show')
    from step
    where appointment.appointment_id = (step.was).appointment_id
    returning appointment as written
),
event as (
    insert into appointment_event (appointment_id, actor_id, action, from_status, to_status, note)
    select (written).appointment_id, :caller_id::bigint, :action, (was).status, (written).status, :reason::text
    from changed
    cross join step
)
select shown.*
from (
    select written from changed
    union all
    select was
    from stored
    where not exists (select from step)
        and (
            exists (select from appointment_step where action = :action and to_status = (was).status)
            or refuse(
                409, 'invalid_transition',
                jsonb_build_object('allowed', allowed_actions((was).status, :permissions::text[]))
            )
        )
) as result
cross join lateral appointment_answer(result.written, :own_patient_id::bigint) as shown
