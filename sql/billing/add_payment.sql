-- Take a payment of a patient, not yet for any invoice.
with payer as (
    select patient_id
    from patient
    where patient_id = :patient_id
        and require_unmerged(merged_into)
    for share
)
insert into payment (patient_id, amount, method, received_at, reference, note)
select
    payer.patient_id,
    new.amount,
    new.method,
    coalesce(new.received_at, now()),
    new.reference,
    new.note
from payer
cross join jsonb_populate_record(null::payment, :payment::jsonb) as new
where acting(:context)
returning payment_id
