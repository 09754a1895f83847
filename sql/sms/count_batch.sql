-- A batch, with how many of its messages are in each status.
select
    sms_batch.batch_id,
    sms_batch.created_at,
    sms_batch.total,
    (
        select coalesce(jsonb_object_agg(status, messages), '{}')
        from (
            select status, count(*) as messages
            from sms
            where batch_id = sms_batch.batch_id
                and deleted_at is null
            group by status
        ) as counted
    ) as counts
from sms_batch
where batch_id = :batch_id
