-- Take jobs away that are done, if they are still held.
delete from outbox
where outbox_id = any (:outbox_ids)
    and lease_token = :lease_token
