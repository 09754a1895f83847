-- Write a message to a number that a patient holds, and put it on the queue unless it is only logged.
with created as (
    insert into sms (
        patient_id, e164, direction, text, status, segments, encoding, template_id, scheduled_for, created_by
    )
    select
        patient_phone.patient_id,
        patient_phone.e164,
        'out',
        :text,
        case when not :send then 'logged' when :scheduled_for::timestamptz > now() then 'scheduled' else 'queued' end,
        :segments,
        :encoding,
        :template_id,
        :scheduled_for,
        :caller_id
    from patient_phone
    join patient on patient.patient_id = patient_phone.patient_id
    join phone_number on phone_number.e164 = patient_phone.e164
    where patient_phone.phone_number_id = :phone_number_id
        and case
            when patient.merged_into is not null
                then refuse(409, 'merged', jsonb_build_object('merged_into', patient.merged_into))
            when patient.archived_at is not null then refuse(422, 'archived')
            when :send and phone_number.sms_opt_out then refuse(422, 'opted_out')
            else true
        end
        and acting(:context)
    returning sms
),
queued as (
    insert into outbox (kind, payload, available_at)
    select 'sms.send', jsonb_build_object('sms_id', (sms).sms_id), coalesce((sms).scheduled_for, now())
    from created
    where (sms).status <> 'logged'
)
select shown.*
from created
cross join lateral sms_answer(created.sms) as shown
