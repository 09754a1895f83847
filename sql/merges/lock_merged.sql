-- Lock two patients whose merge is to be undone, and all others merged into the survivor: some go with the source.
with held as materialized (
    select patient_id, merged_into, version
    from patient
    where patient_id in (:target_id, :source_id)
        or merged_into = :target_id
    -- by id, as everybody who locks several does
    order by patient_id
    for update
)
select target.patient_id
from held as target
left join held as source on source.patient_id = :source_id
where target.patient_id = :target_id
    and (
        require_version(target.version, :if_match)
        and require_unmerged(target.merged_into)
        and (source.patient_id is not null or refuse(422, 'unknown_reference', '{"field": "source_patient_id"}'))
    ) is true
