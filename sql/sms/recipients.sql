-- Whom a bulk message reaches and why it does not reach the others, in the order given; each number once.
with wanted as materialized (
    select patient_id, min(place) as place
    from unnest(:patient_ids::bigint[]) with ordinality as given (patient_id, place)
    group by patient_id
),
found as (
    select
        wanted.place,
        wanted.patient_id,
        patient_phone.e164,
        patient.first_name,
        patient.last_name,
        case
            when patient.patient_id is null then 'not_found'
            when patient.status <> 'active' then patient.status
            when patient_phone.e164 is null then 'no_phone'
            when phone_number.sms_opt_out then 'opted_out'
        end as reason
    from wanted
    left join patient on patient.patient_id = wanted.patient_id
    left join patient_phone on patient_phone.patient_id = wanted.patient_id and patient_phone.is_primary
    left join phone_number on phone_number.e164 = patient_phone.e164
)
select
    patient_id,
    e164,
    first_name,
    last_name,
    case
        when reason is not null then reason
        when row_number() over (partition by e164, reason is null order by place) > 1 then 'duplicate_number'
    end as reason
from found
order by place
