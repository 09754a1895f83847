-- Every invoice, for the list's filters; to a patient's login only his own that have been issued.
select
    invoice_id,
    number,
    patient_id,
    status,
    issued_on,
    due_on,
    invoice_lines(invoice_id) as lines,
    subtotal,
    tax,
    total,
    paid,
    case when status = 'void' then 0.00 else total - paid end as balance,
    created_at,
    updated_at,
    version,
    issued_at
from invoice
where :own_patient_id::bigint is null
    or (patient_id = :own_patient_id and number is not null)
