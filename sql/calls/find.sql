-- Every call, for the list's filters.
select shown.*
from call
cross join lateral call_answer(call) as shown
where call.deleted_at is null
