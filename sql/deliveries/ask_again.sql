-- Let a message begin anew that the provider turned out not to have.
update sms
set status = 'queued'
where sms_id = :sms_id
    and status = 'sending'
    and provider_message_id is null
    and exists (select from outbox where outbox_id = :outbox_id and lease_token = :lease_token)
    and acting(:context)
returning sms_id
