-- One patient; to a patient's login only his own, without the staff's note.
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
    case when :own_patient_id::bigint is null then note end as note,
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
where patient_id = :patient_id
    and (:own_patient_id::bigint is null or patient_id = :own_patient_id)
