-- Give a job up; it stays to be seen and put back.
update outbox
set failed_at = now(), error_code = :error_code, lease_token = null
where outbox_id = :outbox_id
    and lease_token = :lease_token
