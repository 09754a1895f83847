-- The messages with every word of :words or its beginning: first those that have them whole, then the newest.
with whole as materialized (
    select sms_id, 1 as rank
    from (
        select sms_id
        from sms
        where deleted_at is null
            and message_words(text) @@ plainto_tsquery('pg_catalog.simple', unaccent('public.unaccent', :words::text))
            and (:e164::text is null or e164 = :e164)
            and (:patient_id::bigint is null or patient_id = :patient_id)
            and (:direction::text is null or direction = :direction)
            and (:statuses::text[] is null or status = any (:statuses))
            and (:since::timestamptz is null or created_at >= :since)
            and (:until::timestamptz is null or created_at < :until)
            and (:is_reviewed::boolean is null or (reviewed_at is not null) = :is_reviewed)
            and (:is_reviewed::boolean is null or direction = 'in')
            and (:batch_id::bigint is null or batch_id = :batch_id)
        -- the index of words says which; walking all messages from the newest would take words apart by the thousand
        offset 0
    ) as found
    order by sms_id desc
    limit 1000
),
begun as materialized (
    select sms_id, 0 as rank
    from (
        select sms_id
        from sms
        where (select count(*) from whole) < 1000
            and deleted_at is null
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
        offset 0
    ) as found
    where sms_id not in (select sms_id from whole)
    order by sms_id desc
    limit 1000
),
hit as (
    select sms_id, rank
    from whole
    union all
    select sms_id, rank
    from begun
    order by rank desc, sms_id desc
    limit 1000
)
select
    shown.*,
    hit.rank
from hit
join sms on sms.sms_id = hit.sms_id
cross join lateral sms_answer(sms) as shown
