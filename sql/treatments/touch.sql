-- Count a change of a treatment's parts as one of its own; until the end of the transaction others wait for it.
update treatment
set version = version + 1
where treatment_id = :treatment_id
    and deleted_at is null
    and require_version(version, :if_match)
    and acting(:context)
returning treatment_id
