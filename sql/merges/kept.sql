-- What stays with the survivor of a merge that is undone.
select kept.entity, kept.id
from patient_merge as merge
cross join lateral rows_kept_by_survivor(merge, :target_id) as kept
where merge.merge_id = :merge_id
