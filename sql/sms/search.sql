-- The messages with every word of :words or its beginning: first those that have them whole, then the newest.
select
    shown.*,
    (message_words(sms.text) @@ plainto_tsquery('pg_catalog.simple', unaccent('public.unaccent', :words::text)))::integer as rank
from sms
cross join lateral sms_answer(sms) as shown
where sms.deleted_at is null
    and message_words(sms.text) @@ message_search(:words)
    and (:e164::text is null or sms.e164 = :e164)
    and (:patient_id::bigint is null or sms.patient_id = :patient_id)
    and (:direction::text is null or sms.direction = :direction)
    and (:statuses::text[] is null or sms.status = any (:statuses))
    and (:since::timestamptz is null or sms.created_at >= :since)
    and (:until::timestamptz is null or sms.created_at < :until)
    and (:is_reviewed::boolean is null or (sms.reviewed_at is not null) = :is_reviewed)
    and (:is_reviewed::boolean is null or sms.direction = 'in')
    and (:batch_id::bigint is null or sms.batch_id = :batch_id)
order by rank desc, sms.sms_id desc
limit 1000
