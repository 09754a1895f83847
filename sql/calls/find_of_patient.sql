-- The calls of a patient: his own, and all of the numbers he holds.
with held as materialized (
    select array_agg(e164) as numbers
    from patient_phone
    where patient_id = :patient_id
)
select shown.*
from (
    select call
    from call
    where deleted_at is null
        and (patient_id = :patient_id or e164 = any ((select numbers from held)::text[]))
    -- by both indexes together: for a page of them all calls would be gone through by age
    offset 0
) as own
cross join lateral call_answer(own.call) as shown
