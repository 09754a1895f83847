-- Give jobs back that were not begun; the claim does not count.
update outbox
set attempts = attempts - 1, lease_token = null, available_at = now()
where outbox_id = any (:outbox_ids)
    and lease_token = :lease_token
