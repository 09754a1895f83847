-- Teeth by their codes, treatments, their items and the teeth these are done on.

-- The id of the next extra tooth, given by the server when none is sent.
create function free_tooth_id() returns bigint
language plpgsql volatile as $$
declare
    free bigint;
begin
    perform pg_advisory_xact_lock(hashtextextended('free_tooth_id', 0));
    select min(id) into free
    from generate_series(100, 999) as id
    where not exists (select from tooth_definition where tooth_id = id);
    if free is null then
        perform refuse(409, 'duplicate', '{"field": "tooth_id", "detail": "Every id is taken."}');
    end if;
    return free;
end
$$;

-- The 52 teeth of ISO 3950 have their FDI number as id; an extra tooth has none.
create table tooth_definition (
    tooth_id bigint primary key default free_tooth_id()
        constraint tooth_definition_tooth_id_range check (tooth_id between 1 and 999),
    fdi text constraint tooth_definition_fdi_unique unique constraint tooth_definition_fdi_is_id check (fdi = tooth_id::text),
    universal text,
    palmer text,
    name text not null,
    dentition text not null constraint tooth_definition_dentition_known check (dentition in ('permanent', 'primary')),
    arch text not null constraint tooth_definition_arch_known check (arch in ('upper', 'lower')),
    -- the patient's
    side text not null constraint tooth_definition_side_known check (side in ('right', 'left')),
    -- from the midline
    position integer not null constraint tooth_definition_position_range check (position between 1 and 20),
    surfaces text not null constraint tooth_definition_surfaces_form check (surfaces ~ '^M?O?D?B?L?I?$' and surfaces <> ''),
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version bigint not null default 1
);
create unique index tooth_definition_universal_unique on tooth_definition (upper(universal));
create unique index tooth_definition_palmer_unique on tooth_definition (upper(palmer));

insert into tooth_definition (tooth_id, fdi, universal, palmer, name, dentition, arch, side, position, surfaces)
select
    10 * quadrant + position,
    (10 * quadrant + position)::text,
    -- counted from the patient's upper right along the upper arch, and back along the lower one
    (
        case quadrant
            when 1 then 9 - position
            when 2 then 8 + position
            when 3 then 25 - position
            when 4 then 24 + position
        end
    )::text,
    corner || position,
    initcap(arch) || ' ' || side || ' ' || names[position],
    'permanent',
    arch,
    side,
    position,
    case when position <= 3 then 'MDBLI' else 'MODBL' end
from (values (1, 'UR', 'upper', 'right'), (2, 'UL', 'upper', 'left'), (3, 'LL', 'lower', 'left'), (4, 'LR', 'lower', 'right'))
    as quadrants (quadrant, corner, arch, side)
cross join generate_series(1, 8) as position
cross join (
    values (array[
        'central incisor', 'lateral incisor', 'canine', 'first premolar', 'second premolar', 'first molar', 'second molar',
        'third molar'
    ])
) as permanent (names)
union all
select
    10 * quadrant + position,
    (10 * quadrant + position)::text,
    substr(
        'ABCDEFGHIJKLMNOPQRST',
        case quadrant
            when 5 then 6 - position
            when 6 then 5 + position
            when 7 then 16 - position
            when 8 then 15 + position
        end,
        1
    ),
    corner || substr('ABCDE', position, 1),
    initcap(arch) || ' ' || side || ' primary ' || names[position],
    'primary',
    arch,
    side,
    position,
    case when position <= 3 then 'MDBLI' else 'MODBL' end
from (values (5, 'UR', 'upper', 'right'), (6, 'UL', 'upper', 'left'), (7, 'LL', 'lower', 'left'), (8, 'LR', 'lower', 'right'))
    as quadrants (quadrant, corner, arch, side)
cross join generate_series(1, 5) as position
cross join (
    values (array['central incisor', 'lateral incisor', 'canine', 'first molar', 'second molar'])
) as deciduous (names)
order by 1;

-- A tooth's code in a notation, else the clinic's; a tooth without one goes by its id.
create function tooth_code(tooth tooth_definition, system text default null) returns text
language sql stable parallel safe as $$
    select coalesce(
        case lower(coalesce(system, (select tooth_system from clinic_settings)))
            when 'universal' then tooth.universal
            when 'palmer' then tooth.palmer
            else tooth.fdi
        end,
        tooth.tooth_id::text
    )
$$;

create table treatment (
    treatment_id bigint generated always as identity primary key,
    patient_id bigint not null references patient,
    doctor_id bigint not null references employee,
    appointment_id bigint references appointment,
    status text not null default 'planned'
        constraint treatment_status_known check (status in ('planned', 'in_progress', 'completed')),
    performed_on date not null,
    diagnosis text,
    note text,
    created_by bigint references dcms_user,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    -- changes of its items and their teeth count too: its total and its answer change with them
    version bigint not null default 1,
    constraint treatment_patient_key unique (treatment_id, patient_id)
);
create index treatment_performed_on on treatment (performed_on, treatment_id) where deleted_at is null;
create index treatment_patient on treatment (patient_id, performed_on, treatment_id) where deleted_at is null;
create index treatment_doctor on treatment (doctor_id, performed_on, treatment_id) where deleted_at is null;
create index treatment_appointment on treatment (appointment_id) where appointment_id is not null;

-- Whom a doctor has had or will have, now with whom he treats.
create index treatment_doctor_patient on treatment (doctor_id, patient_id) where deleted_at is null;
create or replace function patients_of_doctor(id bigint) returns setof bigint
language sql stable parallel safe as $$
    select patient_id
    from appointment
    where doctor_id = id
        and status <> 'cancelled'
    union
    select patient_id
    from treatment
    where doctor_id = id
        and deleted_at is null
$$;

-- What is done, or planned: a service as it was then. A later change of the catalogue changes no record.
create table treatment_item (
    treatment_item_id bigint generated always as identity primary key,
    treatment_id bigint not null,
    -- the treatment's, for the audit log and the chart; it follows when patients are merged
    patient_id bigint not null,
    service_id bigint not null references service_catalog,
    service_name text not null,
    resulting_condition text,
    quantity integer not null constraint treatment_item_quantity_range check (quantity between 1 and 1000),
    unit_price numeric(12, 2) not null constraint treatment_item_unit_price_positive check (unit_price >= 0),
    -- off the line
    discount numeric(12, 2) not null default 0 constraint treatment_item_discount_positive check (discount >= 0),
    status text not null default 'planned' constraint treatment_item_status_known check (status in ('planned', 'done')),
    done_at timestamptz,
    note text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    version bigint not null default 1,
    constraint treatment_item_patient_key unique (treatment_item_id, patient_id),
    constraint treatment_item_treatment foreign key (treatment_id, patient_id)
        references treatment (treatment_id, patient_id) on update cascade,
    constraint treatment_item_discount_within_line check (discount <= quantity * unit_price),
    constraint treatment_item_done_at_when_done check ((status = 'done') = (done_at is not null))
);
create index treatment_item_of_treatment on treatment_item (treatment_id, treatment_item_id) where deleted_at is null;
create index treatment_item_patient on treatment_item (patient_id, done_at) where deleted_at is null;
create index treatment_item_service on treatment_item (service_id);

create table treatment_item_tooth (
    treatment_item_tooth_id bigint generated always as identity primary key,
    treatment_item_id bigint not null,
    patient_id bigint not null,
    tooth_id bigint not null references tooth_definition,
    -- null: the whole tooth
    surfaces text constraint treatment_item_tooth_surfaces_form check (surfaces ~ '^M?O?D?B?L?I?$' and surfaces <> ''),
    -- null: the one that the service results in
    condition text constraint treatment_item_tooth_condition_known check (
        condition in (
            'sound', 'caries', 'filled', 'sealed', 'inlay', 'crown', 'veneer', 'root_canal', 'bridge', 'prosthesis', 'implant',
            'extracted', 'missing', 'impacted', 'unerupted', 'fractured'
        )
    ),
    note text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    version bigint not null default 1,
    constraint treatment_item_tooth_item foreign key (treatment_item_id, patient_id)
        references treatment_item (treatment_item_id, patient_id) on update cascade
);
create unique index treatment_item_tooth_unique on treatment_item_tooth (treatment_item_id, tooth_id) where deleted_at is null;
create index treatment_item_tooth_patient on treatment_item_tooth (patient_id, tooth_id) where deleted_at is null;
create index treatment_item_tooth_tooth on treatment_item_tooth (tooth_id);

-- Computed where it is read, so that it can't be wrong.
create function treatment_total(id bigint) returns numeric
language sql stable parallel safe as $$
    select coalesce(sum(round(quantity * unit_price - discount, 2)), 0.00)
    from treatment_item
    where treatment_id = id and deleted_at is null
$$;

-- When a done item without a time of its own was done: noon of the treatment's day, or now when that is earlier.
create function default_done_at(performed_on date) returns timestamptz
language sql stable as $$
    select least(local_instant(performed_on + time '12:00', timezone), now()) from clinic_settings
$$;

-- The teeth of an item as it is answered: all, or one; the staff's notes only for staff.
create function treatment_item_teeth(id bigint, with_notes boolean, only_tooth_id bigint default null) returns jsonb
language sql stable parallel safe as $$
    select coalesce(
        jsonb_agg(
            jsonb_build_object(
                'treatment_item_tooth_id', item_tooth.treatment_item_tooth_id,
                'tooth_id', item_tooth.tooth_id,
                'code', tooth_code(tooth),
                'surfaces', item_tooth.surfaces,
                'condition', item_tooth.condition,
                'note', case when with_notes then item_tooth.note end,
                'version', item_tooth.version
            )
            order by item_tooth.tooth_id
        ),
        '[]'
    )
    from treatment_item_tooth as item_tooth
    join tooth_definition as tooth on tooth.tooth_id = item_tooth.tooth_id
    where item_tooth.treatment_item_id = id
        and item_tooth.deleted_at is null
        and (only_tooth_id is null or item_tooth.tooth_id = only_tooth_id)
$$;

-- Refuse a treatment of a patient who takes no new ones. The share of his row makes archiving and merging wait.
create function check_patient_of_treatment(id bigint) returns boolean
language plpgsql as $$
declare
    of_patient patient;
begin
    select * into of_patient from patient where patient_id = id for share;
    return (of_patient.patient_id is not null or refuse(422, 'unknown_reference', '{"field": "patient_id"}'))
        and require_unmerged(of_patient.merged_into)
        and (of_patient.archived_at is null or refuse(422, 'archived', '{"field": "patient_id"}'));
end
$$;

-- Refuse a treatment's doctor who isn't one; null is not checked.
create function check_doctor_of_treatment(id bigint) returns boolean
language plpgsql as $$
declare
    by_doctor employee;
begin
    if id is null then
        return true;
    end if;
    select * into by_doctor from employee where employee_id = id for share;
    return (by_doctor.employee_id is not null or refuse(422, 'unknown_reference', '{"field": "doctor_id"}'))
        and (by_doctor.archived_at is null or refuse(422, 'archived', '{"field": "doctor_id"}'))
        and (by_doctor.is_bookable or refuse(422, 'not_bookable', '{"field": "doctor_id"}'));
end
$$;

-- Refuse what items and teeth to be may not say: 400 with every bad field first, then what they refer to.
-- Items are {place, service_id, quantity, unit_price, discount}, teeth {tooth_field, surfaces_field, tooth_id, surfaces};
-- a tooth that was there before has no tooth_field, and need not be in use.
create function check_treatment_items(items jsonb, teeth jsonb) returns boolean
language plpgsql as $$
declare
    faults jsonb;
    fault record;
begin
    select jsonb_agg(jsonb_build_object('field', field, 'message', message)) into faults
    from (
        select given.place || 'discount' as field, 'must not be over the line''s price' as message
        from jsonb_to_recordset(items)
            as given (place text, service_id bigint, quantity integer, unit_price numeric, discount numeric)
        left join service_catalog as service on service.service_id = given.service_id
        where given.discount > given.quantity * coalesce(given.unit_price, service.price)
        union all
        select given.surfaces_field, 'must be surfaces of the tooth: ' || tooth.surfaces
        from jsonb_to_recordset(teeth) as given (surfaces_field text, tooth_id bigint, surfaces text)
        join tooth_definition as tooth on tooth.tooth_id = given.tooth_id
        where translate(given.surfaces, tooth.surfaces, '') <> ''
    ) as found;
    if faults is not null then
        return refuse(400, 'invalid_request', jsonb_build_object('errors', faults));
    end if;

    select given.field, given.code into fault
    from (
        select item.place || 'service_id' as field, case when service.service_id is null then 'unknown_reference' else 'inactive' end as code
        from jsonb_to_recordset(items) as item (place text, service_id bigint)
        left join service_catalog as service on service.service_id = item.service_id
        where service.is_active is not true
        union all
        select given.tooth_field, case when tooth.tooth_id is null then 'unknown_reference' else 'inactive' end
        from jsonb_to_recordset(teeth) as given (tooth_field text, tooth_id bigint)
        left join tooth_definition as tooth on tooth.tooth_id = given.tooth_id
        where tooth.is_active is not true
            and given.tooth_field is not null
    ) as given
    limit 1;
    return fault.code is null or refuse(422, fault.code, jsonb_build_object('field', fault.field));
end
$$;

create trigger count_version before update on tooth_definition for each row execute function count_version();
create trigger count_version before update on treatment for each row execute function count_version();
create trigger count_version before update on treatment_item for each row execute function count_version();
create trigger count_version before update on treatment_item_tooth for each row execute function count_version();

create trigger audit after insert or update or delete on tooth_definition
for each row execute function audit_row('tooth_id', '');
create trigger audit after insert or update or delete on treatment
for each row execute function audit_row('treatment_id', 'patient_id');
create trigger audit after insert or update or delete on treatment_item
for each row execute function audit_row('treatment_item_id', 'patient_id');
create trigger audit after insert or update or delete on treatment_item_tooth
for each row execute function audit_row('treatment_item_tooth_id', 'patient_id');
