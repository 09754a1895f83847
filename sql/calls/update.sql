-- Change what :changes names of a call; with another number its contact is looked up again.
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
contact as materialized (
    select
        number.e164,
        coalesce(number.patient_id, contact_of.patient_id) as patient_id,
        contact_of.employee_id,
        contact_of.contact_type
    from number
    cross join lateral contact_of(number.e164)
),
changed_call as (
    update call
    set (
        e164, patient_id, employee_id, direction, contact_type, status, started_at, answered_at, ended_at, note
    ) = (
        select
            coalesce(contact.e164, call.e164),
            case when contact.e164 is null then call.patient_id else contact.patient_id end,
            case
                when contact.e164 is null or :changes::jsonb ? 'employee_id' then changed.employee_id
                when changed.contact_type = 'employee' or not :changes::jsonb ? 'contact_type' then contact.employee_id
            end,
            changed.direction,
            case
                when contact.e164 is null or :changes::jsonb ? 'contact_type' then changed.contact_type
                else contact.contact_type
            end,
            changed.status,
            changed.started_at,
            changed.answered_at,
            changed.ended_at,
            changed.note
        from jsonb_populate_record(call, :changes::jsonb) as changed
        left join contact on contact.e164 is not null
        where case
            when changed.answered_at < changed.started_at
                then refuse(400, 'invalid_request', '{"field": "answered_at", "detail": "lies before the start"}')
            when changed.ended_at < coalesce(changed.answered_at, changed.started_at)
                then refuse(400, 'invalid_request', '{"field": "ended_at", "detail": "lies before the start or the answer"}')
            when :phone_number_id::bigint is not null and contact.e164 is null
                then refuse(422, 'unknown_reference', '{"field": "phone_number_id", "detail": "There is no such number."}')
            else true
        end
    )
    where call_id = :call_id
        and deleted_at is null
        and require_version(version, :if_match)
        and acting(:context)
    returning call
)
select shown.*
from changed_call
cross join lateral call_answer(changed_call.call) as shown
