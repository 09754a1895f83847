drop trigger follow_merge_update on call;

create or replace function money_bound_to_survivor(merge bigint, survivor bigint) returns table (table_name text, row_id bigint)
language sql stable as $$
    with recursive allocated as (
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
        select brought.table_name, brought.row_id from patient_merge_row as brought where brought.merge_id = merge
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

create or replace function return_patient_rows(merge bigint, source bigint, survivor bigint)
returns table (table_name text, returned bigint)
language plpgsql volatile as $$
declare
    reference patient_reference;
begin
    perform hold_doctors_and_chairs(survivor);
    -- whoever allocates holds the payment
    perform from payment where patient_id = survivor order by payment_id for no key update;

    -- what follows does so when what it belongs to has gone back
    for reference in
        select * from patient_reference where key_column is not null order by rule = 'follows', place
    loop
        if reference.rule = 'moves' then
            execute format(
                'update %1$I set %2$I = $1
                where %2$I = $2
                    and %3$I in (
                        select row_id from patient_merge_row where merge_id = $3 and table_name = $4 and removed is null
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
        table_name := reference.table_name;
        return next;
    end loop;
end
$$;

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
                    or %1$I in (select row_id from patient_merge_row where merge_id = $4 and table_name = $1 and removed is null)
                )
            order by 2',
            reference.key_column, reference.table_name, reference.column_name
        )
        using reference.table_name, survivor, merge.merged_at, merge.merge_id;
    end loop;
end
$$;

drop index patient_merge_row_of_row;
alter table patient_merge_row drop column returned_by;
