-- Whether there is a patient.
select patient_id
from patient
where patient_id = :patient_id
