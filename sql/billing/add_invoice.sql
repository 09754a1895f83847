-- Draft an invoice of a patient with its lines.
with customer as (
    select patient_id
    from patient
    where patient_id = :patient_id
        and require_unmerged(merged_into)
    for share
),
line as materialized (
    select place, treatment_item_id, description, quantity, unit_price, discount, tax_rate, total
    from read_invoice_lines(:lines::jsonb, :patient_id, null)
),
sums as (
    select coalesce(sum(total), 0) as subtotal, invoice_tax(array_agg(total), array_agg(tax_rate)) as tax
    from line
),
created as (
    insert into invoice (patient_id, due_on, subtotal, tax, total)
    select customer.patient_id, :due_on, sums.subtotal, sums.tax, sums.subtotal + sums.tax
    from customer
    cross join sums
    where acting(:context)
    returning invoice_id
),
lines as (
    insert into invoice_line (
        invoice_id, place, treatment_item_id, description, quantity, unit_price, discount, tax_rate
    )
    select
        created.invoice_id,
        line.place,
        line.treatment_item_id,
        line.description,
        line.quantity,
        line.unit_price,
        line.discount,
        line.tax_rate
    from created
    cross join line
    order by line.place
)
select invoice_id
from created
