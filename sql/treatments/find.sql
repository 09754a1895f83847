-- Every treatment, for the list's filters; to a patient's login only his own, without the staff's notes.
select
    treatment_id,
    patient_id,
    doctor_id,
    appointment_id,
    status,
    performed_on,
    diagnosis,
    case when :own_patient_id::bigint is null then note end as note,
    treatment_total(treatment_id) as total,
    created_by,
    created_at,
    updated_at,
    version
from treatment
where deleted_at is null
    and (:own_patient_id::bigint is null or patient_id = :own_patient_id)
