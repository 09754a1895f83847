-- Every message, for the list's filters.
select shown.*
from sms
cross join lateral sms_answer(sms) as shown
where sms.deleted_at is null
