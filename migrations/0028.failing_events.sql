-- An event whose work fails is tried again after longer and longer times, so that those after it have their turn.

alter table webhook_event
add column failures integer not null default 0,
-- null: at once
add column next_try_at timestamptz;

-- Whether the message that a receipt is for is there: by the provider's name for it, or, as long as it has none, by ours
-- if it was begun (see sql/webhooks/apply_receipts.sql). At most a row, so that it can be joined.
create function message_of_receipt(subject text, details jsonb) returns setof integer
language sql stable parallel safe as $$
    select 1
    from sms
    where provider_message_id = subject
    union all
    select 1
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
    limit 1
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
