-- Say which invoices a payment is for; a trigger keeps the sums of both.
insert into payment_allocation (payment_id, invoice_id, amount)
select payment.payment_id, invoice.invoice_id, wanted.amount
from payment
cross join rows from (
    jsonb_to_recordset(:allocations::jsonb) as (invoice_id bigint, amount numeric)
) with ordinality as wanted (invoice_id, amount, place)
left join invoice on invoice.invoice_id = wanted.invoice_id and invoice.patient_id = payment.patient_id
where payment.payment_id = :payment_id
    and (
        invoice.invoice_id is not null
        or refuse(422, 'unknown_reference', jsonb_build_object('field', format('allocations[%s].invoice_id', wanted.place - 1)))
    )
    and (
        invoice.status in ('issued', 'paid')
        or refuse(409, 'invalid_transition', jsonb_build_object('field', format('allocations[%s].invoice_id', wanted.place - 1)))
    )
    and acting(:context)
order by wanted.place
