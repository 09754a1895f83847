-- Hold a payment to the end of the transaction.
select payment_id
from payment
where payment_id = :payment_id
for no key update
