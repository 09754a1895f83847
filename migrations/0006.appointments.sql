-- Appointments, the time they claim, and their history.

create table appointment (
    appointment_id bigint generated always as identity primary key,
    patient_id bigint not null references patient,
    doctor_id bigint not null references employee,
    chair_id bigint references chair,
    service_ids bigint[] not null default '{}',
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    status text not null default 'booked' constraint appointment_status_known
        check (status in ('booked', 'confirmed', 'came', 'finished', 'cancelled', 'no_show')),
    note text,
    cancel_reason text,
    -- booked on purpose over another one, until a later move fits
    is_overbooked boolean not null default false,
    -- booked on purpose outside the doctor's hours
    is_outside_hours boolean not null default false,
    override_reason text,
    -- the clinic's buffer when it was booked; part of the doctor's claim
    buffer_minutes integer not null default 0,
    confirmed_at timestamptz,
    checked_in_at timestamptz,
    finished_at timestamptz,
    cancelled_at timestamptz,
    cancelled_by text constraint appointment_cancelled_by_known check (cancelled_by in ('patient', 'clinic')),
    created_by bigint references dcms_user,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version bigint not null default 1,
    constraint appointment_length check (ends_at - starts_at between interval '5 minutes' and interval '12 hours')
);
create index appointment_starts_at on appointment (starts_at, appointment_id);
create index appointment_doctor on appointment (doctor_id, starts_at);
create index appointment_patient on appointment (patient_id, starts_at);
create index appointment_chair on appointment (chair_id, starts_at) where chair_id is not null;
-- when a patient was last seen
create index appointment_checked_in on appointment (patient_id, checked_in_at desc) where checked_in_at is not null;

create function patient_last_seen_at(id bigint) returns timestamptz
language sql stable parallel safe as $$
    select max(checked_in_at) from appointment where patient_id = id and checked_in_at is not null
$$;

-- The time an active appointment takes of its doctor, its patient and its chair, kept by a trigger: a pure
-- function of the appointment's row, so that no way of writing one can forget it. No two exclusive claims of
-- one resource overlap. A wanted overbooking claims without exclusion; see check_overbooked_claims.
create table appointment_claim (
    appointment_id bigint not null references appointment on delete cascade,
    resource_kind text not null constraint appointment_claim_kind_known check (resource_kind in ('doctor', 'patient', 'chair')),
    resource_id bigint not null,
    during tstzrange not null,
    is_exclusive boolean not null,
    primary key (appointment_id, resource_kind),
    constraint appointment_claim_no_overlap exclude using gist (resource_kind with =, resource_id with =, during with &&)
        where (is_exclusive)
);
create index appointment_claim_overbooked on appointment_claim using gist (resource_kind, resource_id, during)
    where (not is_exclusive);

create function keep_claims() returns trigger
language plpgsql as $$
begin
    if new.status in ('cancelled', 'no_show') then
        delete from appointment_claim where appointment_id = new.appointment_id;
        return null;
    end if;
    if tg_op = 'UPDATE' and new.chair_id is null then
        delete from appointment_claim where appointment_id = new.appointment_id and resource_kind = 'chair';
    end if;

    -- An ordinary booking must not overlap an overbooked one either, which the constraint does not hold. Those
    -- who overbook a resource and those who book it take its lock in different modes, and the check below runs
    -- with a snapshot taken after that. Ordinary bookings don't wait for each other here.
    if new.is_overbooked then
        perform pg_advisory_xact_lock(hashtextextended(resource, 2))
        from (values ('chair:' || new.chair_id), ('doctor:' || new.doctor_id)) as resources (resource)
        where resource is not null;
    else
        perform pg_advisory_xact_lock_shared(hashtextextended(resource, 2))
        from (values ('chair:' || new.chair_id), ('doctor:' || new.doctor_id)) as resources (resource)
        where resource is not null;
        if exists (
            select
            from appointment_claim as other
            where not other.is_exclusive
                and other.appointment_id <> new.appointment_id
                and (
                    (
                        other.resource_kind = 'doctor'
                        and other.resource_id = new.doctor_id
                        and other.during && tstzrange(new.starts_at, new.ends_at + make_interval(mins => new.buffer_minutes))
                    )
                    or (
                        other.resource_kind = 'chair'
                        and other.resource_id = new.chair_id
                        and other.during && tstzrange(new.starts_at, new.ends_at)
                    )
                )
        ) then
            raise exclusion_violation using constraint = 'appointment_claim_no_overlap', message = 'overlaps an overbooked appointment';
        end if;
    end if;

    -- always in the same order of resources, so that two bookings can't wait for each other
    insert into appointment_claim (appointment_id, resource_kind, resource_id, during, is_exclusive)
    select new.appointment_id, claims.resource_kind, claims.resource_id, claims.during, claims.is_exclusive
    from (
        values
            ('chair', new.chair_id, tstzrange(new.starts_at, new.ends_at), not new.is_overbooked),
            (
                'doctor',
                new.doctor_id,
                tstzrange(new.starts_at, new.ends_at + make_interval(mins => new.buffer_minutes)),
                not new.is_overbooked
            ),
            ('patient', new.patient_id, tstzrange(new.starts_at, new.ends_at), true)
    ) as claims (resource_kind, resource_id, during, is_exclusive)
    where claims.resource_id is not null
    order by claims.resource_kind
    on conflict (appointment_id, resource_kind) do update
    set resource_id = excluded.resource_id, during = excluded.during, is_exclusive = excluded.is_exclusive;
    return null;
end
$$;
create trigger keep_claims_insert after insert on appointment for each row execute function keep_claims();
create trigger keep_claims_update after update on appointment
for each row when (
    (old.doctor_id, old.chair_id, old.patient_id, old.starts_at, old.ends_at, old.buffer_minutes, old.is_overbooked,
        old.status in ('cancelled', 'no_show'))
    is distinct from
    (new.doctor_id, new.chair_id, new.patient_id, new.starts_at, new.ends_at, new.buffer_minutes, new.is_overbooked,
        new.status in ('cancelled', 'no_show'))
)
execute function keep_claims();

-- Every step of an appointment, once and for ever.
create table appointment_event (
    event_id bigint generated always as identity primary key,
    appointment_id bigint not null references appointment,
    at timestamptz not null default clock_timestamp(),
    actor_id bigint references dcms_user,
    action text not null constraint appointment_event_action_known check (
        action in ('book', 'move', 'update', 'confirm', 'check_in', 'finish', 'cancel', 'no_show', 'reopen')
    ),
    from_status text,
    to_status text not null,
    -- {field: [from, to]}
    changes jsonb not null default '{}',
    note text
);
create index appointment_event_appointment on appointment_event (appointment_id, event_id);
revoke update, delete on appointment_event from dcms_app;

-- The worker plans the reminders anew after whatever could move, add or drop one.
create function queue_reminders() returns trigger
language plpgsql as $$
begin
    insert into outbox (kind, payload)
    values ('appointment.reminders', jsonb_build_object('appointment_id', new.appointment_id));
    return null;
end
$$;
create trigger queue_reminders_insert after insert on appointment for each row execute function queue_reminders();
create trigger queue_reminders_update after update on appointment
for each row when (
    (old.starts_at, old.patient_id, old.status in ('booked', 'confirmed'))
    is distinct from
    (new.starts_at, new.patient_id, new.status in ('booked', 'confirmed'))
)
execute function queue_reminders();

create trigger count_version before update on appointment for each row execute function count_version();
create trigger audit after insert or update or delete on appointment
for each row execute function audit_row('appointment_id', 'patient_id');
