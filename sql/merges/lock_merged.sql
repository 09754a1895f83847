-- Lock two patients whose merge is to be undone, by id.
with held as materialized (
    select patient_id, merged_into, version
    from patient
    where patient_id in (:target_id, :source_id)
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
