-- Merging two records of one person: what refers to a patient, and what was moved by which merge.

-- Every column that refers to a patient, and what a merge does with it. A test compares it with the catalogue, so a new
-- table is either named here or the test fails.
create table patient_reference (
    table_name text not null,
    column_name text not null,
    -- null: the rows can't be named in the ledger, and need not be
    key_column text,
    -- moves: a merge writes the survivor there · follows: a foreign key or a trigger does, with what it belongs to ·
    -- stays: it says how things were, and goes on saying it
    rule text not null constraint patient_reference_rule_known check (rule in ('moves', 'follows', 'stays')),
    -- rows are moved in the order in which everybody locks them: payments before invoices, …
    place integer not null,
    primary key (table_name, column_name)
);
insert into patient_reference (table_name, column_name, key_column, rule, place)
values
    -- so it always names the living record, in one step
    ('patient', 'merged_into', 'patient_id', 'moves', 1),
    ('patient_phone', 'patient_id', 'phone_number_id', 'moves', 2),
    ('appointment', 'patient_id', 'appointment_id', 'moves', 3),
    ('treatment_item_tooth', 'patient_id', 'treatment_item_tooth_id', 'follows', 4),
    ('treatment_item', 'patient_id', 'treatment_item_id', 'follows', 5),
    ('treatment', 'patient_id', 'treatment_id', 'moves', 6),
    ('payment', 'patient_id', 'payment_id', 'moves', 7),
    ('invoice', 'patient_id', 'invoice_id', 'moves', 8),
    ('sms', 'patient_id', 'sms_id', 'moves', 9),
    ('call', 'patient_id', 'call_id', 'moves', 10),
    ('appointment_claim', 'resource_id', null, 'follows', 11),
    ('patient_term', 'patient_id', null, 'follows', 12),
    ('live_event', 'patient_id', null, 'stays', 13),
    ('audit_log', 'patient_id', null, 'stays', 14),
    ('audit_log', 'patient_ids', null, 'stays', 15),
    ('patient_merge', 'source_patient_id', null, 'stays', 16),
    ('patient_merge', 'target_patient_id', null, 'stays', 17),
    ('patient_merge', 'undone_from', null, 'stays', 18);
revoke insert, update, delete on patient_reference from dcms_app;

create table patient_merge (
    merge_id bigint generated always as identity primary key,
    source_patient_id bigint not null references patient,
    target_patient_id bigint not null references patient,
    -- what the merge wrote into the target: {field: {before, after}}
    fields jsonb not null,
    -- what the source had to give up, and gets back
    user_id bigint,
    primary_phone_number_id bigint,
    merged_at timestamptz not null default now(),
    undone_at timestamptz,
    -- from whom: the target, or the one that the target was merged into later
    undone_from bigint references patient,
    constraint patient_merge_undone_whole check ((undone_at is null) = (undone_from is null))
);
create unique index patient_merge_standing_unique on patient_merge (source_patient_id) where undone_at is null;
create index patient_merge_undone on patient_merge (source_patient_id, undone_from) where undone_at is not null;
create index patient_merge_target on patient_merge (target_patient_id);
revoke delete on patient_merge from dcms_app;

-- The ledger.
create table patient_merge_row (
    merge_id bigint not null references patient_merge,
    table_name text not null,
    row_id bigint not null,
    -- the whole row, when it was not moved but taken away: a hold on a number that both had
    removed jsonb,
    primary key (merge_id, table_name, row_id)
);
revoke update, delete on patient_merge_row from dcms_app;

-- Hold the doctors and chairs of a patient's appointments: moving those takes the locks one by one, and two merges at once
-- would wait for each other.
create function hold_doctors_and_chairs(of_patient bigint) returns void
language plpgsql volatile as $$
begin
    perform from employee
    where employee_id in (select doctor_id from appointment where patient_id = of_patient)
    order by employee_id
    for no key update;
    perform from chair
    where chair_id in (select chair_id from appointment where patient_id = of_patient)
    order by chair_id
    for no key update;
end
$$;

-- Move every row of a patient to another and write it into the ledger; how many of each table.
create function move_patient_rows(merge bigint, source bigint, target bigint)
returns table (table_name text, moved bigint)
language plpgsql volatile as $$
declare
    reference patient_reference;
begin
    perform hold_doctors_and_chairs(source);

    for reference in
        select * from patient_reference where key_column is not null order by place
    loop
        execute format(
            'insert into patient_merge_row (merge_id, table_name, row_id)
            select $1, $2, %1$I from (select %1$I from %2$I where %3$I = $3 order by %1$I for update) as held',
            reference.key_column, reference.table_name, reference.column_name
        )
        using merge, reference.table_name, source;
        get diagnostics moved = row_count;
        if reference.rule = 'moves' then
            execute format('update %1$I set %2$I = $1 where %2$I = $2', reference.table_name, reference.column_name)
            using target, source;
        end if;
        table_name := reference.table_name;
        return next;
    end loop;
end
$$;

-- The payments and invoices of a survivor that are bound, by what is allocated, to one that no merge brought: money that
-- was taken for his invoices stays with them.
create function money_bound_to_survivor(merge bigint, survivor bigint) returns table (table_name text, row_id bigint)
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

-- Put the rows of a merge that the survivor still has back to their patient; how many of each table.
create function return_patient_rows(merge bigint, source bigint, survivor bigint)
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

-- What stays with a survivor when a merge is undone: what was added since, and what of the ledger is bound to it.
create function rows_kept_by_survivor(merge patient_merge, survivor bigint) returns table (entity text, id bigint)
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

-- Before a message or a call is stored: whoever found out whose it is may have done so just before a merge. The lock,
-- which the foreign key takes as well, makes the two wait for each other. All else that gets new rows asks
-- require_unmerged() under a lock of the patient.
create function follow_merge() returns trigger
language plpgsql as $$
begin
    select coalesce(merged_into, patient_id) into new.patient_id
    from patient
    where patient_id = new.patient_id
    for key share;
    return new;
end
$$;
create trigger follow_merge before insert on sms
for each row when (new.patient_id is not null) execute function follow_merge();
create trigger follow_merge before insert on call
for each row when (new.patient_id is not null) execute function follow_merge();

create trigger audit after insert or update or delete on patient_merge
for each row execute function audit_row('merge_id', 'target_patient_id');
