-- The messages with every word of :words or its beginning: first those that have them whole, then the newest.
select
    sms_id,
    phone_number_id_of(patient_id, e164) as phone_number_id,
    patient_id,
    number_candidates(patient_id, e164) as candidates,
    e164,
    direction,
    text,
    status,
    segments,
    encoding,
    template_id,
    batch_id,
    appointment_id,
    provider,
    provider_message_id,
    error_code,
    scheduled_for,
    sent_at,
    delivered_at,
    received_at,
    reviewed_at,
    reviewed_by,
    created_by,
    created_at,
    version,
    (message_words(text) @@ plainto_tsquery('pg_catalog.simple', unaccent('public.unaccent', :words::text)))::integer as rank
from sms
where deleted_at is null
    and message_words(text) @@ message_search(:words)
    and (:e164::text is null or e164 = :e164)
    and (:patient_id::bigint is null or patient_id = :patient_id)
    and (:direction::text is null or direction = :direction)
    and (:statuses::text[] is null or status = any (:statuses))
    and (:since::timestamptz is null or created_at >= :since)
    and (:until::timestamptz is null or created_at < :until)
    and (:is_reviewed::boolean is null or (reviewed_at is not null) = :is_reviewed)
    and (:is_reviewed::boolean is null or direction = 'in')
    and (:batch_id::bigint is null or batch_id = :batch_id)
order by rank desc, sms_id desc
limit 1000
