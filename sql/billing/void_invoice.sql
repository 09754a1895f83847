-- Void an invoice; a trigger sets its treatment items free. A void one stays as it is.
update invoice
set status = 'void'
where invoice_id = :invoice_id
    and require_version(version, :if_match)
    and (paid = 0 or refuse(409, 'has_payments'))
    and acting(:context)
