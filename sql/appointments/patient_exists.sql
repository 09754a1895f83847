-- Whether there is such a patient.
select exists (select from patient where patient_id = :patient_id) as is_there
