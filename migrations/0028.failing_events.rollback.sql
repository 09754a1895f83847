create function patient_last_seen_at(id bigint) returns timestamptz
language sql stable parallel safe as $$
    select max(checked_in_at) from appointment where patient_id = id and checked_in_at is not null
$$;

create function patient_primary_phone(id bigint) returns text
language sql stable parallel safe as $$
    select e164 from patient_phone where patient_id = id and is_primary
$$;

create or replace function patients_of_doctor(id bigint) returns setof bigint
language sql stable parallel safe as $$
    select patient_id
    from appointment
    where doctor_id = id
        and status <> 'cancelled'
    union
    select patient_id
    from treatment
    where doctor_id = id
        and deleted_at is null
$$;

drop function message_of_receipt(text, jsonb);

alter table webhook_event
drop column next_try_at,
drop column failures;
