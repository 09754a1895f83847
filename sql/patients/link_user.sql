-- Link a patient to a login with these roles.
update patient
set user_id = :user_id
where patient_id = :patient_id
    and require_version(version, :if_match)
    and require_unmerged(merged_into)
    and ('patient' = any (:roles::text[]) or refuse(409, 'not_a_patient_user'))
    and (user_id is null or user_id = :user_id or refuse(409, 'user_already_linked'))
    and acting(:context)
returning patient_id
