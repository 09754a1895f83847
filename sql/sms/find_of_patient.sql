-- The messages of a patient: his own, and all of the numbers he holds.
with own as materialized (
    select sms_id
    from sms
    where patient_id = :patient_id
    union
    select sms.sms_id
    from patient_phone
    join sms on sms.e164 = patient_phone.e164 and sms.deleted_at is null
    where patient_phone.patient_id = :patient_id
)
select shown.*
from own
join sms on sms.sms_id = own.sms_id
cross join lateral sms_answer(sms) as shown
where sms.deleted_at is null
