-- Every patient of a doctor, for the list's filters.
select shown.*
from patient
cross join lateral patient_answer(patient, null) as shown
where patient.patient_id in (
    select seen.patient_id
    from patients_of_doctor(:doctor_id) as seen (patient_id)
)
