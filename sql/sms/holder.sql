-- Whose the hold on a number is, if there is one.
select patient_id
from patient_phone
where phone_number_id = :phone_number_id
