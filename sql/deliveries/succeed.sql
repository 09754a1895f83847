-- Note that the provider has a message, whoever holds its job by now: it is so. Gives the id that counts.
with job as (
    delete from outbox
    where outbox_id = :outbox_id
        and lease_token = :lease_token
)
update sms
set status = case when provider_message_id is null or sms_rank(status) < sms_rank('sent') then 'sent' else status end,
    error_code = case when provider_message_id is null or sms_rank(status) < sms_rank('sent') then null else error_code end,
    provider = :provider,
    provider_message_id = coalesce(provider_message_id, :provider_message_id),
    sent_at = coalesce(sent_at, now())
where sms_id = :sms_id
    and acting(:context)
returning provider_message_id
