-- Lock a patient for the rest of the transaction; bookings of his wait, or are waited for and then seen.
select patient_id
from patient
where patient_id = :patient_id
    and require_version(version, :if_match)
    and require_unmerged(merged_into)
for update
