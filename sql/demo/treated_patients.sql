-- Patients with something to invoice.
select distinct patient_id
from treatment
order by patient_id
limit :most
