-- The merge of two locked patients that stands, else the last one that was undone.
select patient_merge.merge_id, patient_merge.undone_at is not null as is_undone
from patient_merge
join patient as source on source.patient_id = patient_merge.source_patient_id
where patient_merge.source_patient_id = :source_id
    and (
        (patient_merge.undone_at is null and source.merged_into = :target_id)
        or patient_merge.undone_from = :target_id
    )
order by patient_merge.undone_at desc nulls first
limit 1
