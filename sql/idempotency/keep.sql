-- Keep the answer of a request with its effect.
insert into idempotency_key (user_id, key, fingerprint, status, headers, body)
values (:user_id, :key, :fingerprint, :status, :headers, :body)
