-- One patient; to a patient's login only his own, without the staff's note.
select shown.*
from patient
cross join lateral patient_answer(patient, :own_patient_id::bigint) as shown
where patient.patient_id = :patient_id
    and (:own_patient_id::bigint is null or patient.patient_id = :own_patient_id)
