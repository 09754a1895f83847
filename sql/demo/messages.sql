-- What patients have written; nobody has read the newest of it yet.
insert into sms (
    patient_id, e164, direction, text, status, segments, encoding, provider, provider_message_id, received_at,
    reviewed_at, reviewed_by, created_at
)
select
    holder.patient_id,
    holder.e164,
    'in',
    (array[
        'Can I come an hour later?',
        'Thank you, see you then!',
        'Is it normal that it still hurts a little?',
        'I have to cancel, sorry.',
        'Do I have to pay in cash?'
    ])[1 + holder.place % 5],
    'received',
    1,
    'GSM-7',
    'console',
    'SM' || md5('demo ' || holder.place),
    now() - make_interval(hours => holder.place::integer * 5),
    case when holder.place > 6 then now() - make_interval(hours => holder.place::integer * 5 - 1) end,
    case when holder.place > 6 then 5 end,
    now() - make_interval(hours => holder.place::integer * 5)
from (
    select patient_phone.patient_id, patient_phone.e164, row_number() over (order by patient_phone.patient_id) as place
    from patient_phone
    where patient_phone.patient_id % 17 = 3
        and not exists (
            select
            from patient_phone as other
            where other.e164 = patient_phone.e164
                and other.patient_id <> patient_phone.patient_id
        )
    order by patient_phone.patient_id
    limit 24
) as holder
order by holder.place desc
