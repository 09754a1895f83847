-- Employees, their positions, hours and absences; the catalogue of services; chairs.

create table employee (
    employee_id bigint generated always as identity primary key,
    user_id bigint references dcms_user constraint employee_user_unique unique,
    first_name text not null,
    last_name text not null,
    title text,
    email text,
    color text not null default '#4f7cac' constraint employee_color_form check (color ~ '^#[0-9A-Fa-f]{6}$'),
    -- a doctor is an employee who is bookable
    is_bookable boolean not null default false,
    hired_on date,
    archived_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version bigint not null default 1
);

create table position (
    position_id bigint generated always as identity primary key,
    name text not null,
    description text,
    is_active boolean not null default true,
    is_clinical boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version bigint not null default 1
);
create unique index position_name_unique on position (lower(name));

create table employee_position (
    -- the lower, the older
    employee_position_id bigint generated always as identity constraint employee_position_id_unique unique,
    employee_id bigint not null references employee,
    position_id bigint not null references position,
    is_primary boolean not null default false,
    created_at timestamptz not null default now(),
    primary key (employee_id, position_id)
);
create unique index employee_position_primary_unique on employee_position (employee_id) where is_primary;
create index employee_position_position on employee_position (position_id);

-- A part of every answer about an employee: the primary one first, then the oldest.
create function employee_positions(id bigint) returns jsonb
language sql stable parallel safe as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'position_id', position.position_id, 'name', position.name, 'is_primary', employee_position.is_primary
            )
            order by employee_position.is_primary desc, employee_position.employee_position_id
        ),
        '[]'
    )
    from employee_position
    join position on position.position_id = employee_position.position_id
    where employee_position.employee_id = id
$$;

create table employee_phone (
    phone_number_id bigint generated always as identity primary key,
    employee_id bigint not null references employee,
    e164 text not null references phone_number,
    label text,
    is_primary boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version bigint not null default 1,
    constraint employee_phone_number_unique unique (employee_id, e164)
);
create unique index employee_phone_primary_unique on employee_phone (employee_id) where is_primary;
create index employee_phone_e164 on employee_phone (e164 text_pattern_ops);

-- With at least one row valid on a date an employee works his rows only, else the clinic's hours.
create table working_hours (
    working_hours_id bigint generated always as identity primary key,
    employee_id bigint not null references employee,
    weekday integer not null constraint working_hours_weekday_iso check (weekday between 1 and 7),
    opens time not null,
    closes time not null,
    valid_from date,
    -- included
    valid_to date,
    constraint working_hours_opens_before_closes check (opens < closes),
    constraint working_hours_valid_in_order check (valid_from <= valid_to),
    constraint working_hours_no_overlap exclude using gist (
        employee_id with =,
        weekday with =,
        int4range((extract(epoch from opens) / 60)::integer, (extract(epoch from closes) / 60)::integer) with &&,
        daterange(valid_from, valid_to, '[]') with &&
    )
);

create table time_off (
    time_off_id bigint generated always as identity primary key,
    employee_id bigint not null references employee,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    reason text,
    created_at timestamptz not null default now(),
    constraint time_off_starts_before_ends check (starts_at < ends_at)
);
create index time_off_during on time_off using gist (employee_id, tstzrange(starts_at, ends_at));

create table service_catalog (
    service_id bigint generated always as identity primary key,
    code text not null,
    name text not null,
    service_type text not null,
    description text,
    duration_min integer not null constraint service_catalog_duration_range check (duration_min between 5 and 720),
    price numeric(12, 2) not null constraint service_catalog_price_positive check (price >= 0),
    -- deferrable: checked when a statement ends and not at each row, so that a reorder may swap numbers
    display_number integer not null constraint service_catalog_display_number_unique unique deferrable,
    -- one of the chart's conditions
    resulting_condition text constraint service_catalog_resulting_condition_known check (
        resulting_condition in (
            'sound', 'caries', 'filled', 'sealed', 'inlay', 'crown', 'veneer', 'root_canal', 'bridge', 'prosthesis',
            'implant', 'extracted', 'missing', 'impacted', 'unerupted', 'fractured'
        )
    ),
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version bigint not null default 1
);
create unique index service_catalog_code_unique on service_catalog (lower(code));

-- The next free number is the one after the last. Whoever writes numbers waits here before he holds any row, so
-- that none is given twice.
create function lock_display_numbers() returns trigger
language plpgsql as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('service_catalog.display_number', 0));
    return null;
end
$$;
create trigger lock_display_numbers before insert or update of display_number on service_catalog
for each statement execute function lock_display_numbers();

create function give_display_number() returns trigger
language plpgsql as $$
begin
    new.display_number := (select coalesce(max(display_number), 0) + 1 from service_catalog);
    return new;
end
$$;
create trigger give_display_number before insert on service_catalog
for each row when (new.display_number is null) execute function give_display_number();

create table chair (
    chair_id bigint generated always as identity primary key,
    name text not null,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version bigint not null default 1
);
create unique index chair_name_unique on chair (lower(name));

create trigger note_link_change after update of user_id on employee
for each row when (old.user_id is distinct from new.user_id) execute function note_link_change();

create trigger count_version before update on employee for each row execute function count_version();
create trigger count_version before update on position for each row execute function count_version();
create trigger count_version before update on employee_phone for each row execute function count_version();
create trigger count_version before update on service_catalog for each row execute function count_version();
create trigger count_version before update on chair for each row execute function count_version();

create trigger audit after insert or update or delete on employee
for each row execute function audit_row('employee_id', '');
create trigger audit after insert or update or delete on position
for each row execute function audit_row('position_id', '');
create trigger audit after insert or update or delete on employee_position
for each row execute function audit_row('employee_id', '');
create trigger audit after insert or update or delete on employee_phone
for each row execute function audit_row('phone_number_id', '');
create trigger audit after insert or update or delete on working_hours
for each row execute function audit_row('working_hours_id', '');
create trigger audit after insert or update or delete on time_off
for each row execute function audit_row('time_off_id', '');
create trigger audit after insert or update or delete on service_catalog
for each row execute function audit_row('service_id', '');
create trigger audit after insert or update or delete on chair
for each row execute function audit_row('chair_id', '');
