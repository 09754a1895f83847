-- Lock two patients to be merged, and those merged into the source before; whether this merge is done already.
with held as materialized (
    select patient_id, merged_into, version
    from patient
    where patient_id in (:target_id, :source_id)
        or merged_into = :source_id
    -- by id, as everybody who locks several does
    order by patient_id
    for update
)
select source.merged_into is not null as is_done
from held as target
left join held as source on source.patient_id = :source_id
where target.patient_id = :target_id
    -- one condition, so that they are checked in this order
    and (
        require_version(target.version, :if_match)
        and require_unmerged(target.merged_into)
        and (source.patient_id is not null or refuse(422, 'unknown_reference', '{"field": "source_patient_id"}'))
        and (source.merged_into = :target_id or require_unmerged(source.merged_into))
    ) is true
