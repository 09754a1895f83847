-- Take an idempotency key for this transaction, or learn why not.
select outcome, status, headers, body
from claim_idempotency_key(:user_id, :key, :fingerprint)
