-- Patients and the numbers they hold.

-- A number itself, whoever holds it: families share phones, and an opt-out belongs to the number.
create table phone_number (
    -- some possible numbers have more than the 15 digits of E.164
    e164 text primary key constraint phone_number_e164_form check (e164 ~ '^\+[1-9][0-9]{2,19}$'),
    national text not null,
    -- null for numbers of no region, such as satellite phones
    region text,
    type text not null,
    sms_opt_out boolean not null default false,
    -- when the first STOP or START that decided was received
    opt_out_decided_at timestamptz
);

create sequence patient_register_number as bigint;

create table patient (
    patient_id bigint generated always as identity primary key,
    register_number text not null,
    user_id bigint references dcms_user constraint patient_user_unique unique,
    first_name text not null,
    last_name text not null,
    middle_name text,
    birth_date date,
    gender text not null default 'unknown'
        constraint patient_gender_known check (gender in ('female', 'male', 'other', 'unknown')),
    email text,
    address text,
    note text,
    alerts text[] not null default '{}',
    archived_at timestamptz,
    merged_into bigint references patient constraint patient_not_merged_into_itself check (merged_into <> patient_id),
    -- said once more, to be filtered by; a generated column would be null to the trigger that counts versions
    status text not null default 'active' constraint patient_status_fits check (
        status = case when merged_into is not null then 'merged' when archived_at is not null then 'archived' else 'active' end
    ),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version bigint not null default 1
);
create unique index patient_register_number_unique on patient (upper(register_number) text_pattern_ops);
create index patient_email on patient (lower(email) text_pattern_ops);
create index patient_created_at on patient (created_at, patient_id);
create index patient_status on patient (status, created_at, patient_id);
create index patient_merged_into on patient (merged_into) where merged_into is not null;

-- Every write to a patient's record asks: a merged one only refers to its survivor.
create function require_unmerged(merged_into bigint) returns boolean
language plpgsql immutable as $$
begin
    return merged_into is null or refuse(409, 'merged', jsonb_build_object('merged_into', merged_into));
end
$$;

-- P000123, skipping numbers that were given by hand.
create function give_register_number() returns trigger
language plpgsql as $$
begin
    while new.register_number is null loop
        new.register_number := 'P' || lpad(nextval('patient_register_number')::text, 6, '0');
        if exists (select from patient where upper(register_number) = new.register_number) then
            new.register_number := null;
        end if;
    end loop;
    return new;
end
$$;
create trigger give_register_number before insert on patient
for each row when (new.register_number is null) execute function give_register_number();

-- One patient's hold on a number.
create table patient_phone (
    phone_number_id bigint generated always as identity primary key,
    patient_id bigint not null references patient,
    e164 text not null references phone_number,
    label text,
    is_primary boolean not null default false,
    -- the number's own, said once more by triggers: a change of it is one of every hold's version and audit
    sms_opt_out boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version bigint not null default 1,
    constraint patient_phone_number_unique unique (patient_id, e164)
);
create unique index patient_phone_primary_unique on patient_phone (patient_id) include (e164) where is_primary;
create index patient_phone_e164 on patient_phone (e164, patient_id);

-- The lock makes a hold that is added and an opt-out that is set at the same moment wait for each other.
create function take_opt_out() returns trigger
language plpgsql as $$
begin
    select phone_number.sms_opt_out into new.sms_opt_out
    from phone_number
    where e164 = new.e164
    for share;
    new.sms_opt_out := coalesce(new.sms_opt_out, false);
    return new;
end
$$;
create trigger take_opt_out before insert on patient_phone
for each row execute function take_opt_out();

create function carry_opt_out() returns trigger
language plpgsql as $$
begin
    update patient_phone
    set sms_opt_out = new.sms_opt_out
    where e164 = new.e164
        and sms_opt_out <> new.sms_opt_out;
    return null;
end
$$;
create trigger carry_opt_out after update of sms_opt_out on phone_number
for each row when (old.sms_opt_out <> new.sms_opt_out) execute function carry_opt_out();

-- The other patients who hold a number; a hundred say enough.
create function patients_sharing(number text, id bigint) returns bigint[]
language sql stable parallel safe as $$
    select coalesce(array_agg(patient_id order by patient_id), '{}')
    from (
        select patient_id
        from patient_phone
        where e164 = number
            and patient_id <> id
        order by patient_id
        limit 100
    ) as sharing
$$;

-- A part of every answer about a patient.
create function patient_primary_phone(id bigint) returns text
language sql stable parallel safe as $$
    select e164 from patient_phone where patient_id = id and is_primary
$$;

-- A link of a login to a record decides what the login may see.
create function note_link_change() returns trigger
language plpgsql as $$
begin
    insert into access_change (user_id)
    select user_id from unnest(array[old.user_id, new.user_id]) as user_id where user_id is not null;
    return null;
end
$$;
create trigger note_link_change after update of user_id on patient
for each row when (old.user_id is distinct from new.user_id) execute function note_link_change();

create trigger count_version before update on patient for each row execute function count_version();
create trigger count_version before update on patient_phone for each row execute function count_version();
create trigger audit after insert or update or delete on patient
for each row execute function audit_row('patient_id', 'patient_id', 'status');
create trigger audit after insert or update or delete on patient_phone
for each row execute function audit_row('phone_number_id', 'patient_id');
