-- Two invoices a patient, both paid.
with bill as materialized (
    select
        patient_id,
        place,
        row_number() over (order by place, patient_id) as number,
        -- of years long past, so that no number is given twice
        patient.created_at + place * interval '1 day' as at,
        100.00 + patient_id % 50 as amount
    from patient
    cross join generate_series(1, 2) as place
    where patient_id >= :first_patient
),
issued as (
    insert into invoice (
        patient_id, status, number, issued_on, issued_at, due_on, subtotal, total, paid, created_at, updated_at
    )
    select patient_id, 'paid', 'B-' || lpad(number::text, 9, '0'), at::date, at, at::date + 14, amount, amount, amount, at, at
    from bill
    order by number
    returning invoice_id, patient_id, total, created_at
),
lined as (
    insert into invoice_line (invoice_id, place, description, quantity, unit_price)
    select invoice_id, 1, 'Filling', 1, total from issued
),
paid as (
    insert into payment (patient_id, amount, method, received_at, reference, allocated, created_at)
    select patient_id, total, 'card', created_at, invoice_id::text, total, created_at
    from issued
    order by invoice_id
    returning payment_id, reference, amount, created_at
)
insert into payment_allocation (payment_id, invoice_id, amount, created_at)
select payment_id, reference::bigint, amount, created_at
from paid
