-- Invoices, payments, what of which payment is for which invoice, and what was given back.
--
-- Whatever runs at once: the sums `invoice.paid`, `payment.allocated` and `payment.refunded` are kept by triggers that hold
-- the rows they check, always the payment first and then its invoices by id; numbers are given by one row for each year.

-- How many invoices of a year are issued. Its row is held to the end of the transaction that issues one, and a
-- transaction that is undone gives its number back: so there are neither gaps nor doubles.
create table invoice_counter (
    year integer primary key,
    issued bigint not null
);
revoke delete on invoice_counter from dcms_app;

create table invoice (
    invoice_id bigint generated always as identity primary key,
    patient_id bigint not null references patient,
    status text not null default 'draft' constraint invoice_status_known
        check (status in ('draft', 'issued', 'paid', 'void')),
    -- 2026-000123, given when issued and kept for ever
    number text constraint invoice_number_unique unique,
    -- the clinic's local day of issued_at
    issued_on date,
    issued_at timestamptz,
    due_on date,
    subtotal numeric(18, 2) not null default 0,
    tax numeric(18, 2) not null default 0,
    total numeric(18, 2) not null default 0,
    -- what of payments is allocated to it
    paid numeric(18, 2) not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version bigint not null default 1,
    constraint invoice_total_is_sum check (total = subtotal + tax and subtotal >= 0 and tax >= 0),
    constraint invoice_paid_within_total check (paid between 0 and total),
    -- an issued invoice of nothing owes nothing: it is paid
    constraint invoice_status_fits_paid check (
        case status
            when 'paid' then paid = total
            when 'issued' then paid < total
            else paid = 0
        end
    ),
    constraint invoice_number_when_issued check (
        (number is null) = (issued_on is null)
        and (number is null) = (issued_at is null)
        and (status = 'void' or (number is null) = (status = 'draft'))
    )
);
create index invoice_created_at on invoice (created_at, invoice_id);
create index invoice_patient on invoice (patient_id, created_at, invoice_id);
create index invoice_status on invoice (status, created_at, invoice_id);
create index invoice_issued_at on invoice (issued_at) where issued_at is not null;
create index invoice_issued_on on invoice (issued_on) where issued_on is not null;
revoke delete on invoice from dcms_app;

create table invoice_line (
    line_id bigint generated always as identity primary key,
    invoice_id bigint not null references invoice,
    place integer not null,
    treatment_item_id bigint references treatment_item,
    description text not null,
    quantity integer not null constraint invoice_line_quantity_positive check (quantity > 0),
    unit_price numeric(12, 2) not null constraint invoice_line_unit_price_positive check (unit_price >= 0),
    discount numeric(14, 2) not null default 0 constraint invoice_line_discount_positive check (discount >= 0),
    -- percent
    tax_rate numeric(5, 2) not null default 0 constraint invoice_line_tax_rate_percent check (tax_rate between 0 and 100),
    -- without tax
    total numeric(18, 2) not null generated always as (round(quantity * unit_price - discount, 2)) stored
        constraint invoice_line_discount_within check (total >= 0),
    -- false in a void invoice
    is_live boolean not null default true,
    constraint invoice_line_place_unique unique (invoice_id, place)
);
-- nothing is invoiced twice: in a draft it counts as invoiced, a void invoice sets it free
create unique index invoice_line_item_unique on invoice_line (treatment_item_id) where is_live;
create index invoice_line_item on invoice_line (treatment_item_id);

-- A part of every answer about an invoice.
create function invoice_lines(id bigint) returns json
language sql stable parallel safe as $$
    select coalesce(
        json_agg(
            json_build_object(
                'line_id', line_id,
                'treatment_item_id', treatment_item_id,
                'description', description,
                'quantity', quantity,
                'unit_price', unit_price::text,
                'discount', discount::text,
                'tax_rate', tax_rate::text,
                'total', total::text
            )
            order by place
        ),
        '[]'
    )
    from invoice_line
    where invoice_id = id
$$;

-- Tax is worked out by rate, over the sum of that rate's lines, half up.
create function invoice_tax(totals numeric[], rates numeric[]) returns numeric
language sql immutable parallel safe as $$
    select coalesce(sum(round(of_rate.total * of_rate.rate / 100, 2)), 0.00)
    from (
        select line.rate, sum(line.total) as total
        from unnest(totals, rates) as line (total, rate)
        group by line.rate
    ) as of_rate
$$;

-- The lines that a request asks for, worked out: a done treatment item of the patient brings its own description and
-- price. Those on the invoice itself may be there again, as its lines are replaced.
create function read_invoice_lines(lines jsonb, of_patient bigint, of_invoice bigint)
returns table (
    place integer,
    treatment_item_id bigint,
    description text,
    quantity integer,
    unit_price numeric,
    discount numeric,
    tax_rate numeric,
    total numeric
)
language sql stable as $$
    select
        given.place,
        given.treatment_item_id,
        given.description,
        given.quantity,
        given.unit_price,
        given.discount,
        given.tax_rate,
        round(given.quantity * given.unit_price - given.discount, 2)
    from (
        select
            line.place::integer as place,
            line.treatment_item_id,
            coalesce(item.service_name, line.description) as description,
            coalesce(item.quantity, line.quantity) as quantity,
            coalesce(item.unit_price, line.unit_price) as unit_price,
            coalesce(item.discount, line.discount) as discount,
            coalesce(line.tax_rate, 0) as tax_rate
        from rows from (
            jsonb_to_recordset(lines) as (
                treatment_item_id bigint, description text, quantity integer, unit_price numeric, discount numeric, tax_rate numeric
            )
        ) with ordinality as line (treatment_item_id, description, quantity, unit_price, discount, tax_rate, place)
        left join treatment_item as item
            on item.treatment_item_id = line.treatment_item_id
            and item.patient_id = of_patient
            and item.status = 'done'
            and item.deleted_at is null
        where line.treatment_item_id is null
            or (
                (
                    item.treatment_item_id is not null
                    or refuse(
                        422,
                        'unknown_reference',
                        jsonb_build_object(
                            'field', format('lines[%s].treatment_item_id', line.place - 1),
                            'detail', 'There is no such done item of the patient.'
                        )
                    )
                )
                and (
                    not exists (
                        select
                        from invoice_line as other
                        where other.treatment_item_id = line.treatment_item_id
                            and other.is_live
                            and other.invoice_id is distinct from of_invoice
                    )
                    or refuse(
                        409,
                        'duplicate',
                        jsonb_build_object(
                            'field', format('lines[%s].treatment_item_id', line.place - 1),
                            'detail', 'The item is invoiced already.'
                        )
                    )
                )
            )
    ) as given
$$;

-- What is invoiced stays as it was invoiced. Whoever invoices an item holds its row, so this sees the line.
create function keep_invoiced_item() returns trigger
language plpgsql as $$
begin
    if exists (select from invoice_line where treatment_item_id = old.treatment_item_id and is_live) then
        perform refuse(409, 'in_use', '{"detail": "The item is on an invoice: void that, or take the item off the draft."}');
    end if;
    return coalesce(new, old);
end
$$;
create trigger keep_invoiced before update on treatment_item
for each row when (
    old.status = 'done'
    and (old.service_id, old.service_name, old.quantity, old.unit_price, old.discount, old.status, old.deleted_at)
    is distinct from (new.service_id, new.service_name, new.quantity, new.unit_price, new.discount, new.status, new.deleted_at)
)
execute function keep_invoiced_item();

-- A draft's sums are those of its lines, and only a draft's lines change.
create function check_invoice_sums(id bigint) returns void
language plpgsql as $$
begin
    if exists (
        select
        from invoice
        cross join lateral (
            select coalesce(sum(line.total), 0) as subtotal, invoice_tax(array_agg(line.total), array_agg(line.tax_rate)) as tax
            from invoice_line as line
            where line.invoice_id = invoice.invoice_id
        ) as sums
        where invoice.invoice_id = id
            and (invoice.subtotal, invoice.tax) is distinct from (sums.subtotal, sums.tax)
    ) then
        raise exception 'the sums of invoice % are not those of its lines', id;
    end if;
end
$$;

create function check_invoice() returns trigger
language plpgsql as $$
begin
    perform check_invoice_sums(new.invoice_id);
    return null;
end
$$;
create trigger check_sums after insert or update of subtotal, tax on invoice
for each row execute function check_invoice();

create function check_invoice_lines() returns trigger
language plpgsql as $$
declare
    changed_invoice invoice;
begin
    for changed_invoice in
        select *
        from invoice
        where invoice_id in (select changed.invoice_id from changed)
        order by invoice_id
        for no key update
    loop
        if changed_invoice.status <> 'draft' then
            perform refuse(409, 'invalid_transition');
        end if;
        perform check_invoice_sums(changed_invoice.invoice_id);
    end loop;
    return null;
end
$$;
create trigger check_lines_added after insert on invoice_line
referencing new table as changed for each statement execute function check_invoice_lines();
create trigger check_lines_removed after delete on invoice_line
referencing old table as changed for each statement execute function check_invoice_lines();

-- A line is replaced, never changed; only that its invoice became void is noted on it.
revoke update on invoice_line from dcms_app;
grant update (is_live) on invoice_line to dcms_app;

-- Before update, from draft to issued: give the number and the day.
create function issue_invoice() returns trigger
language plpgsql as $$
declare
    local_now timestamp := (select now() at time zone timezone from clinic_settings);
    place text;
begin
    if not exists (select from invoice_line where invoice_id = new.invoice_id) then
        perform refuse(422, 'empty');
    end if;
    insert into invoice_counter as counter (year, issued)
    values (extract(year from local_now), 1)
    on conflict (year) do update set issued = counter.issued + 1
    returning counter.issued::text into place;
    new.number := to_char(local_now, 'YYYY') || '-' || lpad(place, greatest(6, length(place)), '0');
    new.issued_on := local_now::date;
    new.issued_at := now();
    if new.total = 0 then
        new.status := 'paid';
    end if;
    return new;
end
$$;
create trigger issue before update on invoice
for each row when (old.status = 'draft' and new.status not in ('draft', 'void'))
execute function issue_invoice();

-- Once issued it only gets paid or void. The patient changes when his record is merged into another.
create function keep_issued_invoice() returns trigger
language plpgsql as $$
begin
    if (old.number, old.issued_on, old.issued_at, old.due_on, old.subtotal, old.tax, old.created_at)
        is distinct from (new.number, new.issued_on, new.issued_at, new.due_on, new.subtotal, new.tax, new.created_at)
        or new.status = 'draft'
        or (old.status = 'void' and new.status <> 'void')
    then
        perform refuse(409, 'invalid_transition');
    end if;
    return new;
end
$$;
create trigger keep_issued before update on invoice
for each row when (old.status <> 'draft') execute function keep_issued_invoice();

create function free_invoice_items() returns trigger
language plpgsql as $$
begin
    update invoice_line set is_live = false where invoice_id = new.invoice_id;
    return null;
end
$$;
create trigger free_items after update of status on invoice
for each row when (old.status <> 'void' and new.status = 'void') execute function free_invoice_items();

create table payment (
    payment_id bigint generated always as identity primary key,
    patient_id bigint not null references patient,
    amount numeric(12, 2) not null constraint payment_amount_positive check (amount > 0),
    method text not null constraint payment_method_known check (method in ('cash', 'card', 'transfer', 'insurance', 'other')),
    received_at timestamptz not null default now(),
    reference text,
    note text,
    allocated numeric(12, 2) not null default 0,
    refunded numeric(12, 2) not null default 0,
    created_at timestamptz not null default now(),
    constraint payment_allocated_within_amount check (allocated >= 0 and refunded >= 0 and allocated + refunded <= amount)
);
create index payment_received_at on payment (received_at, payment_id);
create index payment_patient on payment (patient_id, received_at, payment_id);
-- a payment is a fact: never deleted, and only its sums change (the patient when records are merged)
revoke update, delete on payment from dcms_app;
grant update (patient_id, allocated, refunded) on payment to dcms_app;

-- Newer rows have higher ids. A refund takes from the amount; a row that has none left stays.
create table payment_allocation (
    allocation_id bigint generated always as identity primary key,
    payment_id bigint not null references payment,
    invoice_id bigint not null references invoice,
    amount numeric(12, 2) not null constraint payment_allocation_amount_positive check (amount >= 0),
    created_at timestamptz not null default now()
);
create index payment_allocation_payment on payment_allocation (payment_id, allocation_id);
create index payment_allocation_invoice on payment_allocation (invoice_id);
revoke update, delete on payment_allocation from dcms_app;
grant update (amount) on payment_allocation to dcms_app;

-- A part of every answer about a payment: the oldest first, one for each invoice.
create function payment_allocations(id bigint) returns json
language sql stable parallel safe as $$
    select coalesce(
        json_agg(
            json_build_object('invoice_id', allocated.invoice_id, 'amount', allocated.amount::text)
            order by allocated.allocation_id
        ),
        '[]'
    )
    from (
        select invoice_id, sum(amount) as amount, min(allocation_id) as allocation_id
        from payment_allocation
        where payment_id = id
            and amount > 0
        group by invoice_id
    ) as allocated
$$;

create function apply_allocation() returns trigger
language plpgsql as $$
declare
    change numeric := new.amount - case tg_op when 'UPDATE' then old.amount else 0 end;
    source payment;
    target invoice;
begin
    select * into source from payment where payment_id = new.payment_id for no key update;
    select * into target from invoice where invoice_id = new.invoice_id for no key update;
    if target.patient_id is distinct from source.patient_id and change > 0 then
        perform refuse(422, 'unknown_reference', jsonb_build_object('field', 'allocations'));
    end if;
    if target.status not in ('issued', 'paid') then
        perform refuse(409, 'invalid_transition', jsonb_build_object('field', 'allocations'));
    end if;
    if change > least(source.amount - source.refunded - source.allocated, target.total - target.paid) then
        perform refuse(
            409,
            'over_allocated',
            jsonb_build_object(
                'field', 'allocations',
                'detail', format(
                    'The payment has %s left, invoice %s owes %s.',
                    source.amount - source.refunded - source.allocated,
                    new.invoice_id,
                    target.total - target.paid
                )
            )
        );
    end if;
    update payment set allocated = allocated + change where payment_id = new.payment_id;
    update invoice
    set paid = paid + change, status = case when paid + change = total then 'paid' else 'issued' end
    where invoice_id = new.invoice_id;
    return new;
end
$$;
create trigger apply before insert or update of amount on payment_allocation
for each row execute function apply_allocation();

create table payment_refund (
    refund_id bigint generated always as identity primary key,
    payment_id bigint not null references payment,
    amount numeric(12, 2) not null constraint payment_refund_amount_positive check (amount > 0),
    reason text,
    created_at timestamptz not null default now()
);
create index payment_refund_payment on payment_refund (payment_id);
create index payment_refund_created_at on payment_refund (created_at);
revoke update, delete on payment_refund from dcms_app;

-- A refund takes what is unallocated first, then the newest allocations.
create function apply_refund() returns trigger
language plpgsql as $$
declare
    source payment;
    allocation payment_allocation;
    to_free numeric;
begin
    select * into source from payment where payment_id = new.payment_id for no key update;
    if new.amount > source.amount - source.refunded then
        perform refuse(
            409,
            'over_refunded',
            jsonb_build_object(
                'field', 'amount', 'detail', format('The payment has %s left.', source.amount - source.refunded)
            )
        );
    end if;
    to_free := new.amount - (source.amount - source.refunded - source.allocated);
    if to_free > 0 then
        perform
        from invoice
        where invoice_id in (select invoice_id from payment_allocation where payment_id = new.payment_id)
        order by invoice_id
        for no key update;
    end if;
    for allocation in
        select * from payment_allocation where payment_id = new.payment_id and amount > 0 order by allocation_id desc
    loop
        exit when to_free <= 0;
        update payment_allocation
        set amount = amount - least(amount, to_free)
        where allocation_id = allocation.allocation_id;
        to_free := to_free - allocation.amount;
    end loop;
    update payment set refunded = refunded + new.amount where payment_id = new.payment_id;
    return new;
end
$$;
create trigger apply before insert on payment_refund
for each row execute function apply_refund();

create trigger count_version before update on invoice for each row execute function count_version();
create trigger audit after insert or update or delete on invoice
for each row execute function audit_row('invoice_id', 'patient_id');
create trigger audit after insert or update or delete on invoice_line
for each row execute function audit_row('line_id', '');
create trigger audit after insert or update or delete on payment
for each row execute function audit_row('payment_id', 'patient_id');
create trigger audit after insert or update or delete on payment_allocation
for each row execute function audit_row('allocation_id', '');
create trigger audit after insert or update or delete on payment_refund
for each row execute function audit_row('refund_id', '');

-- the health check compares what is applied with what the program brings
grant select on _yoyo_migration to dcms_app;
