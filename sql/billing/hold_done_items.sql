-- Hold a patient's done treatment items to the end of the transaction, so that nobody changes or invoices them meanwhile.
select treatment_item_id
from treatment_item
where patient_id = :patient_id
    and status = 'done'
    and deleted_at is null
order by treatment_item_id
for no key update
