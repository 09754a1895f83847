-- Every patient of a doctor, for the list's filters.
select
    patient_id,
    register_number,
    user_id,
    first_name,
    last_name,
    middle_name,
    birth_date,
    gender,
    email,
    address,
    note,
    alerts,
    patient_primary_phone(patient_id) as primary_phone,
    status,
    merged_into,
    archived_at,
    patient_last_seen_at(patient_id) as last_seen_at,
    created_at,
    updated_at,
    version
from patient
where patient_id in (
    select seen.patient_id
    from patients_of_doctor(:doctor_id) as seen (patient_id)
)
