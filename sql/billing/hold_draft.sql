-- Hold a draft to the end of the transaction.
select invoice_id
from invoice
where invoice_id = :invoice_id
    and require_version(version, :if_match)
    and (status = 'draft' or refuse(409, 'invalid_transition'))
for no key update
