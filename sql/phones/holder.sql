-- Whether there is such a patient.
select patient_id
from patient
where patient_id = :holder_id
