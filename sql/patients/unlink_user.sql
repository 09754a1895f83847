-- Take the login from a patient.
update patient
set user_id = null
where patient_id = :patient_id
    and require_version(version, :if_match)
    and require_unmerged(merged_into)
    and acting(:context)
returning patient_id
