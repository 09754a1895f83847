-- The patient whose treatments are asked for, when there is one.
select patient_id
from patient
where patient_id = :patient_id
