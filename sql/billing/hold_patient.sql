-- Hold a patient's record to the end of the transaction: it is not merged meanwhile.
select patient_id
from patient
where patient_id = :patient_id
    and require_unmerged(merged_into)
for share
