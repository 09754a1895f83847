-- Give money back, all that is left if no amount is named; a trigger takes it from what is unallocated, then from the newest allocations.
insert into payment_refund (payment_id, amount, reason)
select payment_id, coalesce(:amount::numeric, amount - refunded), :reason
from payment
where payment_id = :payment_id
    and (:amount::numeric is not null or amount > refunded)
    -- no payment has a version that If-Match could name
    and require_version(-payment_id, :if_match)
    and acting(:context)
for no key update
