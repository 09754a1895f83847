-- Every payment, for the list's filters; to a patient's login only his own, without the staff's note.
select
    payment_id,
    patient_id,
    amount,
    method,
    received_at,
    reference,
    case when :own_patient_id::bigint is null then note end as note,
    payment_allocations(payment_id) as allocations,
    refunded,
    created_at
from payment
where :own_patient_id::bigint is null
    or patient_id = :own_patient_id
