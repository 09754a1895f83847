-- Give a draft other lines; counts as a write even when they are the same.
with line as materialized (
    select
        line.place,
        line.treatment_item_id,
        line.description,
        line.quantity,
        line.unit_price,
        line.discount,
        line.tax_rate,
        line.total
    from invoice
    cross join lateral read_invoice_lines(:lines::jsonb, invoice.patient_id, invoice.invoice_id) as line
    where invoice.invoice_id = :invoice_id
),
sums as (
    select coalesce(sum(total), 0) as subtotal, invoice_tax(array_agg(total), array_agg(tax_rate)) as tax
    from line
),
changed as (
    update invoice
    set
        due_on = (select changed.due_on from jsonb_populate_record(invoice, :changes::jsonb) as changed),
        subtotal = sums.subtotal,
        tax = sums.tax,
        total = sums.subtotal + sums.tax,
        version = version + 1
    from sums
    where invoice_id = :invoice_id
        and acting(:context)
    returning invoice_id
),
removed as (
    delete from invoice_line
    using changed
    where invoice_line.invoice_id = changed.invoice_id
    returning line_id
)
insert into invoice_line (
    invoice_id, place, treatment_item_id, description, quantity, unit_price, discount, tax_rate
)
select
    changed.invoice_id,
    line.place,
    line.treatment_item_id,
    line.description,
    line.quantity,
    line.unit_price,
    line.discount,
    line.tax_rate
from changed
cross join line
-- the old ones go first: they may be of the same treatment items
cross join (select count(*) from removed) as gone
order by line.place
