-- One call.
select shown.*
from call
cross join lateral call_answer(call) as shown
where call.call_id = :call_id
    and call.deleted_at is null
