-- A treatment's id, when there is one.
select treatment_id
from treatment
where treatment_id = :treatment_id
    and deleted_at is null
