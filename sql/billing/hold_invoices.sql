-- Hold invoices to the end of the transaction, by id, as everybody does.
select invoice_id
from invoice
where invoice_id = any (:invoice_ids::bigint[])
order by invoice_id
for no key update
