-- Note a call with a number, or with the number that a patient holds.
with number as materialized (
    select :number::jsonb ->> 'e164' as e164, null::bigint as patient_id
    where :phone_number_id::bigint is null
    union all
    select e164, patient_id
    from patient_phone
    where phone_number_id = :phone_number_id
),
known as (
    insert into phone_number (e164, national, region, type)
    select e164, national, region, type
    from jsonb_populate_record(null::phone_number, :number::jsonb)
    where e164 is not null
    on conflict do nothing
),
added as (
    insert into call (
        e164, patient_id, employee_id, direction, contact_type, status, started_at, answered_at, ended_at, note, recorded_by
    )
    select
        number.e164,
        coalesce(number.patient_id, contact.patient_id),
        case
            when new.employee_id is not null then new.employee_id
            when coalesce(new.contact_type, contact.contact_type) = 'employee' then contact.employee_id
        end,
        new.direction,
        coalesce(new.contact_type, contact.contact_type),
        new.status,
        span.started_at,
        new.answered_at,
        new.ended_at,
        new.note,
        :caller_id
    from jsonb_populate_record(null::call, :call::jsonb) as new
    cross join lateral (select coalesce(new.started_at, least(now(), new.answered_at, new.ended_at)) as started_at) as span
    left join number on true
    cross join lateral contact_of(number.e164) as contact
    where acting(:context)
        and case
            when number.e164 is null
                then refuse(422, 'unknown_reference', '{"field": "phone_number_id", "detail": "There is no such number."}')
            when new.answered_at < span.started_at
                then refuse(400, 'invalid_request', '{"field": "answered_at", "detail": "lies before the start"}')
            when new.ended_at < coalesce(new.answered_at, span.started_at)
                then refuse(400, 'invalid_request', '{"field": "ended_at", "detail": "lies before the start or the answer"}')
            else true
        end
    returning call
)
select shown.*
from added
cross join lateral call_answer(added.call) as shown
