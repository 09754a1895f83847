-- Entries about a line of an invoice, an allocation or a refund name the patient, as those about its invoice or payment do.

-- Arguments: the id column; the patient's column, or 'invoice' or 'payment' where the patient is theirs, '' when there is
-- none; columns never shown.
create or replace function audit_row() returns trigger
language plpgsql as $$
declare
    context jsonb := nullif(current_setting('dcms.context', true), '')::jsonb;
    old_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
    new_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
    whole jsonb := coalesce(new_row, old_row);
    hidden text[] := tg_argv[2:] || array['version', 'updated_at', 'created_at'];
    old_fields jsonb;
    new_fields jsonb;
    verb text := case tg_op when 'INSERT' then 'create' when 'DELETE' then 'delete' else 'update' end;
    patient bigint;
begin
    if context is null then
        raise exception 'a write to % without acting(:context)', tg_table_name;
    end if;
    if tg_op = 'UPDATE' then
        select jsonb_object_agg(fields.key, fields.value), jsonb_object_agg(fields.key, new_row -> fields.key)
        into old_fields, new_fields
        from jsonb_each(old_row) as fields
        where fields.value is distinct from new_row -> fields.key
            and fields.key <> all (hidden);
        if old_fields is null then
            return null;
        end if;
        if old_row ->> 'deleted_at' is null and new_row ->> 'deleted_at' is not null then
            verb := 'delete';
        end if;
    else
        old_fields := jsonb_strip_nulls(old_row - hidden);
        new_fields := jsonb_strip_nulls(new_row - hidden);
    end if;
    case tg_argv[1]
        when 'invoice' then
            select invoice.patient_id into patient
            from invoice
            where invoice.invoice_id = (whole ->> 'invoice_id')::bigint;
        when 'payment' then
            select payment.patient_id into patient
            from payment
            where payment.payment_id = (whole ->> 'payment_id')::bigint;
        else
            patient := (whole ->> nullif(tg_argv[1], ''))::bigint;
    end case;
    insert into audit_log (
        actor_id, impersonator_id, session_id, action, entity, entity_id, patient_id, ip, user_agent, request_id,
        before, after
    )
    values (
        (context ->> 'actor_id')::bigint,
        (context ->> 'impersonator_id')::bigint,
        (context ->> 'session_id')::bigint,
        coalesce(context ->> 'action', verb),
        tg_table_name,
        (whole ->> tg_argv[0])::bigint,
        patient,
        (context ->> 'ip')::inet,
        context ->> 'user_agent',
        context ->> 'request_id',
        old_fields,
        new_fields
    );
    return null;
end
$$;

create or replace trigger audit after insert or update or delete on invoice_line
for each row execute function audit_row('line_id', 'invoice');
create or replace trigger audit after insert or update or delete on payment_allocation
for each row execute function audit_row('allocation_id', 'payment');
create or replace trigger audit after insert or update or delete on payment_refund
for each row execute function audit_row('refund_id', 'payment');
