-- What a merge brought goes back once: taken from a chain of merges by an earlier one of them, it is no longer a later
-- one's to return, whoever brings it to the same survivor afterwards.

alter table patient_merge_row
-- the merge by whose undoing it went back: this one, or one before it in the same chain
add column returned_by bigint references patient_merge;
grant update (returned_by) on patient_merge_row to dcms_app;
create index patient_merge_row_of_row on patient_merge_row (table_name, row_id);

-- What went back so far. Money that stayed bound counts as well, and so stays where it is.
update patient_merge_row as entry
set returned_by = undone.merge_id
from patient_merge as undone, patient_merge as later
where later.merge_id = entry.merge_id
    and later.merge_id >= undone.merge_id
    and later.merged_at <= undone.undone_at
    and (
        exists (
            select
            from patient_merge_row as first
            where first.merge_id = undone.merge_id
                and first.table_name = entry.table_name
                and first.row_id = entry.row_id
        )
        or (entry.table_name = 'patient' and entry.row_id = undone.source_patient_id)
    );

-- The payments and invoices of a survivor that are bound to what no merge brought, or what went back before and came by
-- another one: by what is allocated, and an invoice by the treatment items on its lines. What was done for him is nobody
-- else's to see or to pay; a void invoice shows it too.
create or replace function money_bound_to_survivor(merge bigint, survivor bigint) returns table (table_name text, row_id bigint)
language sql stable as $$
    with recursive brought as (
        select entry.table_name, entry.row_id
        from patient_merge_row as entry
        where entry.merge_id = merge
            and entry.returned_by is null
    ),
    allocated as (
        select allocation.payment_id, allocation.invoice_id
        from payment_allocation as allocation
        join payment on payment.payment_id = allocation.payment_id
        where payment.patient_id = survivor
            and allocation.amount > 0
    ),
    own as (
        select 'payment' as table_name, payment_id as row_id from payment where patient_id = survivor
        union all
        select 'invoice', invoice_id from invoice where patient_id = survivor
        except
        select table_name, row_id from brought
        union
        select 'invoice', invoice.invoice_id
        from invoice
        join invoice_line on invoice_line.invoice_id = invoice.invoice_id
        join treatment_item as item on item.treatment_item_id = invoice_line.treatment_item_id
        where invoice.patient_id = survivor
            and item.patient_id = survivor
            and item.treatment_id not in (select row_id from brought where table_name = 'treatment')
    ),
    bound as (
        select own.table_name, own.row_id
        from own
        union
        select other.table_name, other.row_id
        from bound
        join allocated
            on bound.table_name = 'payment' and bound.row_id = allocated.payment_id
            or bound.table_name = 'invoice' and bound.row_id = allocated.invoice_id
        cross join lateral (
            values ('payment', allocated.payment_id), ('invoice', allocated.invoice_id)
        ) as other (table_name, row_id)
    )
    select bound.table_name, bound.row_id
    from bound
$$;

-- Put the rows of a merge that the survivor still has, and that no earlier merge has taken back, to their patient; how many
-- of each table.
create or replace function return_patient_rows(merge bigint, source bigint, survivor bigint)
returns table (table_name text, returned bigint)
language plpgsql volatile as $$
declare
    reference patient_reference;
begin
    perform hold_doctors_and_chairs(survivor);
    -- whoever allocates holds the payment
    perform from payment where patient_id = survivor order by payment_id for no key update;
    -- and whoever changes the lines of a draft holds that
    perform from invoice where patient_id = survivor order by invoice_id for no key update;

    -- what follows does so when what it belongs to has gone back
    for reference in
        select * from patient_reference where key_column is not null order by rule = 'follows', place
    loop
        if reference.rule = 'moves' then
            execute format(
                'update %1$I set %2$I = $1
                where %2$I = $2
                    and %3$I in (
                        select row_id
                        from patient_merge_row
                        where merge_id = $3 and table_name = $4 and removed is null and returned_by is null
                        except
                        select row_id from money_bound_to_survivor($3, $2) where table_name = $4
                    )',
                reference.table_name, reference.column_name, reference.key_column
            )
            using source, survivor, merge, reference.table_name;
            get diagnostics returned = row_count;
        else
            execute format(
                'select count(*) from %1$I
                where %2$I = $1
                    and %3$I in (select row_id from patient_merge_row where merge_id = $2 and table_name = $3)',
                reference.table_name, reference.column_name, reference.key_column
            )
            into returned
            using source, merge, reference.table_name;
        end if;
        execute format(
            'update patient_merge_row as entry
            set returned_by = $1
            from %2$I as given
            where given.%3$I = $2
                and entry.table_name = $3
                and entry.row_id = given.%1$I
                and entry.merge_id >= $1
                and entry.returned_by is null',
            reference.key_column, reference.table_name, reference.column_name
        )
        using merge, source, reference.table_name;
        table_name := reference.table_name;
        return next;
    end loop;
    -- he refers to nobody now, whatever his survivors were merged into
    update patient_merge_row as entry
    set returned_by = merge
    where entry.table_name = 'patient'
        and entry.row_id = source
        and entry.merge_id > merge
        and entry.returned_by is null;
end
$$;

-- What stays with a survivor when a merge is undone: what was added since, and what of the ledger is bound to it.
create or replace function rows_kept_by_survivor(merge patient_merge, survivor bigint) returns table (entity text, id bigint)
language plpgsql stable as $$
declare
    reference patient_reference;
begin
    for reference in
        select *
        from patient_reference
        where key_column is not null and rule = 'moves' and patient_reference.table_name <> 'patient'
        order by place
    loop
        return query execute format(
            'select $1, %1$I
            from %2$I as kept
            where %3$I = $2
                and to_jsonb(kept) ->> ''deleted_at'' is null
                and (
                    created_at >= $3
                    or %1$I in (
                        select row_id
                        from patient_merge_row
                        where merge_id = $4 and table_name = $1 and removed is null and returned_by is null
                    )
                )
            order by 2',
            reference.key_column, reference.table_name, reference.column_name
        )
        using reference.table_name, survivor, merge.merged_at, merge.merge_id;
    end loop;
end
$$;

-- A call whose number is corrected is given another patient, found just before a merge. No statement does so with messages.
create trigger follow_merge_update before update of patient_id on call
for each row when (new.patient_id is distinct from old.patient_id and new.patient_id is not null)
execute function follow_merge();
