-- One message.
select shown.*
from sms
cross join lateral sms_answer(sms) as shown
where sms.sms_id = :sms_id
    and sms.deleted_at is null
