-- Hold a payment to the end of the transaction.
select payment_id
from payment
where payment_id = :payment_id
    -- no payment has a version that If-Match could name
    and require_version(-payment_id, :if_match)
for no key update
