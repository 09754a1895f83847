-- The patients of each doctor whose appointments were loaded without triggers: what note_doctors_patient() would have made.
insert into doctor_patient (doctor_id, patient_created_at, patient_id)
select met.doctor_id, patient.created_at, patient.patient_id
from (
    select doctor_id, patient_id from appointment
    union
    select doctor_id, patient_id from treatment
) as met
join patient on patient.patient_id = met.patient_id
-- as they came in the course of time
order by patient.created_at, patient.patient_id
on conflict do nothing
