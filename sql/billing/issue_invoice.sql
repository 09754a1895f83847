-- Issue a draft; a trigger gives the number. An issued one stays as it is.
update invoice
set status = case status when 'draft' then 'issued' else status end
where invoice_id = :invoice_id
    and require_version(version, :if_match)
    and (status <> 'void' or refuse(409, 'invalid_transition'))
    and acting(:context)
