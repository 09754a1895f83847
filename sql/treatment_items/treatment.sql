-- A treatment's id, when there is one; to a patient's login only his own.
select treatment_id
from treatment
where treatment_id = :treatment_id
    and deleted_at is null
    and (:own_patient_id::bigint is null or patient_id = :own_patient_id)
