-- Lock a patient who gets a number; whoever changes his numbers meanwhile waits, and then sees it.
select patient_id
from patient
where patient_id = :holder_id
    and require_unmerged(merged_into)
for no key update
