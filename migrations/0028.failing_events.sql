-- An event whose work fails is tried again after longer and longer times, so that those after it have their turn.

alter table webhook_event
add column failures integer not null default 0,
-- null: at once
add column next_try_at timestamptz;

-- The message that a receipt is for, if it is there: the one of the provider's name, else the one of our id if it has no
-- name and we began it, so that it was taken, whatever we made of the answer: it is still on its way, was lost, or was one
-- to another try.
create function message_of_receipt(subject text, details jsonb) returns setof bigint
language sql stable parallel safe as $$
    select sms_id
    from sms
    where provider_message_id = subject
    union all
    select sms_id
    from (
        -- by its id, whatever else the planner may think of (offset 0)
        select *
        from sms
        where sms_id = (details ->> 'sms_id')::bigint
        offset 0
    ) as named
    where provider_message_id is null
        and sending_at is not null
        and status <> 'canceled'
        and not exists (select from sms as other where other.provider_message_id = subject)
$$;

-- As in 0009, but looking no further than the first that counts, for whoever asks about one patient.
create or replace function patients_of_doctor(id bigint) returns setof bigint
language sql stable parallel safe as $$
    select patient_id
    from appointment
    where doctor_id = id
        and status <> 'cancelled'
    union all
    select patient_id
    from treatment
    where doctor_id = id
        and deleted_at is null
$$;

-- 0020 left them to the processes of the version before it.
drop function patient_primary_phone(bigint);
drop function patient_last_seen_at(bigint);
