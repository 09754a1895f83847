-- Cancel a message that is not on its way yet; delete any other.
update sms
set status = case when status in ('scheduled', 'queued') then 'canceled' else status end,
    deleted_at = case when status in ('scheduled', 'queued') then null else now() end
where sms_id = :sms_id
    and deleted_at is null
    and require_version(version, :if_match)
    and acting(:context)
returning sms_id
