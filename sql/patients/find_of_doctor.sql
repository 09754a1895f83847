-- Every patient of a doctor, for the list's filters; in the order of `patient_created_at` each is found when it is shown.
select
    shown.*,
    doctor_patient.patient_created_at
from doctor_patient
join patient on patient.patient_id = doctor_patient.patient_id
cross join lateral patient_answer(patient, null) as shown
where doctor_patient.doctor_id = (select :doctor_id::bigint)
    and exists (
        select
        from patients_of_doctor(doctor_patient.doctor_id) as seen (patient_id)
        where seen.patient_id = doctor_patient.patient_id
        -- looked up one by one: as a join all of them would be
        offset 0
    )
