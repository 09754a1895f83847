-- The calls of a patient: his own, and all of the numbers he holds.
with own as materialized (
    select call_id
    from call
    where patient_id = :patient_id
    union
    select call.call_id
    from patient_phone
    join call on call.e164 = patient_phone.e164 and call.deleted_at is null
    where patient_phone.patient_id = :patient_id
)
select shown.*
from own
join call on call.call_id = own.call_id
cross join lateral call_answer(call) as shown
where call.deleted_at is null
