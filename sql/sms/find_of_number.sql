-- The messages of the number that is held.
select shown.*
from sms
cross join lateral sms_answer(sms) as shown
where sms.deleted_at is null
    and sms.e164 = (select e164 from patient_phone where phone_number_id = :phone_number_id)
