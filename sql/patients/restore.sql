-- Take a patient out of the archive.
update patient
set archived_at = null, status = 'active'
where patient_id = :patient_id
    and require_version(version, :if_match)
    and require_unmerged(merged_into)
    and acting(:context)
returning patient_id
