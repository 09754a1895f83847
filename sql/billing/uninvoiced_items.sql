-- A patient's done treatment items that are on no invoice, the first done first.
select item.treatment_item_id
from treatment_item as item
where item.patient_id = :patient_id
    and item.status = 'done'
    and item.deleted_at is null
    and not exists (
        select
        from invoice_line
        where invoice_line.treatment_item_id = item.treatment_item_id
            and invoice_line.is_live
    )
order by item.done_at, item.treatment_item_id
