-- Hold treatment items to the end of the transaction, so that nobody changes or invoices them meanwhile.
select treatment_item_id
from treatment_item
where treatment_item_id = any (:treatment_item_ids::bigint[])
order by treatment_item_id
for no key update
