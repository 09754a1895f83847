-- Change what :changes names of a draft.
update invoice
set due_on = (select changed.due_on from jsonb_populate_record(invoice, :changes::jsonb) as changed)
where invoice_id = :invoice_id
    and acting(:context)
