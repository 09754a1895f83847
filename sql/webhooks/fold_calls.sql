-- Make calls what all their events say together, in whatever order they came.
with told as materialized (
    select webhook_event_id, subject, received_at, details, worked_at
    from webhook_event
    where kind = 'call'
        and subject = any (:subjects)
        and acting(:context)
),
event as materialized (
    select
        subject,
        received_at,
        details,
        details ->> 'status' as status,
        coalesce((details ->> 'at')::timestamptz, received_at) as at,
        make_interval(secs => (details ->> 'duration_s')::integer) as duration
    from told
    where details ->> 'status' is not null
),
steps as (
    select
        subject,
        (array_agg(status order by call_rank(status) desc, received_at))[1] as status,
        (array_agg(details order by received_at))[1] as details,
        min(at) as first_at,
        min(at) filter (where status = 'in_progress') as answered_at,
        min(at) filter (where call_rank(status) = 2) as ended_at,
        max(duration) filter (where status = 'completed') as duration
    from event
    group by subject
),
folded as materialized (
    select
        subject,
        status,
        details,
        least(first_at, ended_at - duration) as started_at,
        case
            when status = 'completed' and duration is not null then ended_at - duration
            else least(answered_at, ended_at)
        end as answered_at,
        ended_at
    from steps
),
number as (
    insert into phone_number (e164, national, region, type)
    select distinct on (number.e164) number.e164, number.national, number.region, number.type
    from folded
    cross join jsonb_populate_record(null::phone_number, folded.details -> 'number') as number
    where number.e164 is not null
    order by number.e164
    on conflict do nothing
),
called as (
    insert into call (
        e164, patient_id, employee_id, direction, contact_type, status, started_at, answered_at, ended_at, provider,
        provider_call_id
    )
    select
        folded.details -> 'number' ->> 'e164',
        contact.patient_id,
        contact.employee_id,
        folded.details ->> 'direction',
        contact.contact_type,
        folded.status,
        folded.started_at,
        folded.answered_at,
        folded.ended_at,
        'twilio',
        folded.subject
    from folded
    cross join lateral contact_of(folded.details -> 'number' ->> 'e164') as contact
    order by folded.subject
    on conflict on constraint call_provider_call_id_unique do update
    set status = case when call_rank(excluded.status) > call_rank(call.status) then excluded.status else call.status end,
        started_at = excluded.started_at,
        answered_at = excluded.answered_at,
        ended_at = excluded.ended_at
)
update webhook_event
set worked_at = now()
from told
where webhook_event.webhook_event_id = told.webhook_event_id
    and told.worked_at is null
