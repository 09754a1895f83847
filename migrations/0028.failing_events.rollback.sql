create function patient_last_seen_at(id bigint) returns timestamptz
language sql stable parallel safe as $$
    select max(checked_in_at) from appointment where patient_id = id and checked_in_at is not null
$$;

create function patient_primary_phone(id bigint) returns text
language sql stable parallel safe as $$
    select e164 from patient_phone where patient_id = id and is_primary
$$;

drop function message_of_receipt(text, jsonb);

alter table webhook_event
drop column next_try_at,
drop column failures;
