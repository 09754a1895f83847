-- The one clinic of this installation, its settings, hours and closures.

create table clinic (
    -- there is one row, and there can't be another
    clinic_id bigint primary key default 1 check (clinic_id = 1),
    name text not null default 'Dental clinic',
    legal_name text,
    phone text,
    email text,
    address text,
    website text,
    updated_at timestamptz not null default now(),
    version bigint not null default 1
);

create table clinic_settings (
    clinic_id bigint primary key default 1 check (clinic_id = 1) references clinic,
    timezone text not null default 'UTC',
    locale text not null default 'en',
    currency text not null default 'EUR',
    default_region text not null default 'DE',
    default_slot_minutes integer not null default 30
        constraint clinic_settings_default_slot_range check (default_slot_minutes between 5 and 720),
    slot_step_minutes integer not null default 15
        constraint clinic_settings_slot_step_range check (slot_step_minutes between 1 and 720),
    buffer_minutes integer not null default 0
        constraint clinic_settings_buffer_range check (buffer_minutes between 0 and 720),
    booking_min_notice_minutes integer not null default 0
        constraint clinic_settings_booking_min_notice_range check (booking_min_notice_minutes between 0 and 525600),
    booking_horizon_days integer not null default 365
        constraint clinic_settings_booking_horizon_range check (booking_horizon_days between 1 and 3650),
    tooth_system text not null default 'FDI'
        constraint clinic_settings_tooth_system_known check (tooth_system in ('FDI', 'universal', 'palmer')),
    reminder_offsets_minutes integer[] not null default '{1440}',
    updated_at timestamptz not null default now(),
    version bigint not null default 1
);

-- Times of day are the clinic's local ones; closes may be 24:00.
create table business_hours (
    clinic_id bigint not null default 1 references clinic_settings,
    weekday integer not null constraint business_hours_weekday_iso check (weekday between 1 and 7),
    opens time not null,
    closes time not null,
    constraint business_hours_opens_before_closes check (opens < closes),
    constraint business_hours_no_overlap exclude using gist (
        weekday with =,
        int4range((extract(epoch from opens) / 60)::integer, (extract(epoch from closes) / 60)::integer) with &&
    )
);

create table closure (
    closure_id bigint generated always as identity primary key,
    clinic_id bigint not null default 1 references clinic_settings,
    starts_on date not null,
    -- included
    ends_on date not null,
    reason text,
    constraint closure_starts_before_ends check (starts_on <= ends_on),
    constraint closure_no_overlap exclude using gist (daterange(starts_on, ends_on, '[]') with &&)
);

-- A part of the answers about settings.
create function business_hours_list() returns jsonb
language sql stable parallel safe as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'weekday', weekday, 'opens', to_char(opens, 'HH24:MI'), 'closes', to_char(closes, 'HH24:MI')
            )
            order by weekday, opens
        ),
        '[]'
    )
    from business_hours
$$;

insert into clinic default values;
insert into clinic_settings default values;
insert into business_hours (weekday, opens, closes)
select weekday, '08:00', '18:00' from generate_series(1, 5) as weekday;

create trigger count_version before update on clinic for each row execute function count_version();
create trigger count_version before update on clinic_settings for each row execute function count_version();
create trigger audit after insert or update or delete on clinic
for each row execute function audit_row('clinic_id', '');
create trigger audit after insert or update or delete on clinic_settings
for each row execute function audit_row('clinic_id', '');
create trigger audit after insert or update or delete on business_hours
for each row execute function audit_row('weekday', '');
create trigger audit after insert or update or delete on closure
for each row execute function audit_row('closure_id', '');
