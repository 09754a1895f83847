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

-- The time an active appointment takes of its patient, its doctor (with the buffer) and its chair: a pure function
-- of the appointment's row, kept by triggers, so that no way of writing one can forget it. Nothing overlaps on one
-- resource, but for those overbooked on purpose: each of them is alone on its own layer.
create table appointment_claim (
    appointment_id bigint not null references appointment on delete cascade,
    resource_kind text not null constraint appointment_claim_kind_known check (resource_kind in ('doctor', 'patient', 'chair')),
    resource_id bigint not null,
    during tstzrange not null,
    -- 0, or for doctor and chair of an overbooked appointment its id
    layer bigint not null,
    primary key (appointment_id, resource_kind),
    constraint appointment_claim_no_overlap
        exclude using gist (resource_kind with =, resource_id with =, during with &&, layer with =)
);

-- The appointments whose claims an appointment at this time would overlap, with the resource they meet at. A null
-- resource is not looked at; neither is the appointment `but`.
create function overlapping_claims(
    patient_id bigint, doctor_id bigint, chair_id bigint,
    starts_at timestamptz, ends_at timestamptz, buffer_minutes integer, but bigint
)
returns table (appointment_id bigint, starts_at timestamptz, ends_at timestamptz, resource text)
language sql stable parallel safe as $$
    select taken.appointment_id, taken.starts_at, taken.ends_at, claim.resource_kind
    from (
        values
            ('patient', $1, tstzrange($4, $5)),
            ('doctor', $2, tstzrange($4, $5 + make_interval(mins => $6))),
            ('chair', $3, tstzrange($4, $5))
    ) as wanted (resource_kind, resource_id, during)
    join appointment_claim as claim
        on claim.resource_kind = wanted.resource_kind
        and claim.resource_id = wanted.resource_id
        and claim.during && wanted.during
    join appointment as taken on taken.appointment_id = claim.appointment_id
    where claim.appointment_id is distinct from $7
$$;

-- Hold the rows of a patient, a doctor and a chair, so that whoever else books, moves, archives or merges them waits.
-- Always in this order, and before the appointment's own row, so that no two wait for each other.
create function hold_for_booking(held_patient bigint, held_doctor bigint, held_chair bigint) returns boolean
language plpgsql volatile as $$
begin
    perform from patient where patient_id = held_patient for no key update;
    perform from employee where employee_id = held_doctor for no key update;
    perform from chair where chair_id = held_chair for no key update;
    return true;
end
$$;

-- Before an appointment takes time: refuse what overlaps, naming all that stands against it. With is_overbooked it may
-- overlap those of its doctor and its chair, and stays marked only if it does. What does not change is not looked at
-- again. Each query here sees what was committed while the locks were waited for, so the answer is exact, and the
-- constraint above is never met; it is what keeps the promise whatever is wrong here.
create function refuse_overlaps() returns trigger
language plpgsql as $$
declare
    is_back boolean := tg_op = 'INSERT' or old.status in ('cancelled', 'no_show');
    was_overbooked boolean := not is_back and old.is_overbooked;
    has_moved boolean := is_back or (old.starts_at, old.ends_at) is distinct from (new.starts_at, new.ends_at);
    has_new_patient boolean := has_moved or old.patient_id <> new.patient_id;
    has_new_doctor boolean := has_moved
        or (old.doctor_id, old.buffer_minutes) is distinct from (new.doctor_id, new.buffer_minutes);
    has_new_chair boolean := has_moved or old.chair_id is distinct from new.chair_id;
    is_placed_anew boolean := has_new_doctor or has_new_chair;
    new_patient bigint := case when has_new_patient then new.patient_id end;
    new_doctor bigint := case when has_new_doctor and not new.is_overbooked then new.doctor_id end;
    new_chair bigint := case when has_new_chair and not new.is_overbooked then new.chair_id end;
begin
    perform hold_for_booking(
        new_patient,
        case when is_placed_anew then new.doctor_id end,
        case when is_placed_anew then new.chair_id end
    );

    perform refuse(409, 'appointment_overlap', jsonb_build_object('conflicts', conflicts))
    from (
        select jsonb_agg(conflict order by starts_at, appointment_id, resource) as conflicts
        from overlapping_claims(
            new_patient, new_doctor, new_chair, new.starts_at, new.ends_at, new.buffer_minutes, new.appointment_id
        ) as conflict
    ) as overlap
    where conflicts is not null;

    -- the one booked over another is marked, not the one below it
    if is_placed_anew then
        new.is_overbooked := (new.is_overbooked or was_overbooked) and exists (
            select
            from overlapping_claims(
                null,
                case when has_new_doctor or was_overbooked then new.doctor_id end,
                case when has_new_chair or was_overbooked then new.chair_id end,
                new.starts_at, new.ends_at, new.buffer_minutes, new.appointment_id
            )
        );
    end if;
    return new;
end
$$;
create trigger refuse_overlaps_insert before insert on appointment
for each row when (new.status not in ('cancelled', 'no_show'))
execute function refuse_overlaps();
create trigger refuse_overlaps_update before update on appointment
for each row when (
    new.status not in ('cancelled', 'no_show')
    and (
        (old.doctor_id, old.chair_id, old.patient_id, old.starts_at, old.ends_at, old.buffer_minutes, old.is_overbooked)
        is distinct from
        (new.doctor_id, new.chair_id, new.patient_id, new.starts_at, new.ends_at, new.buffer_minutes, new.is_overbooked)
        or old.status in ('cancelled', 'no_show')
    )
)
execute function refuse_overlaps();

create function keep_claims() returns trigger
language plpgsql as $$
begin
    delete from appointment_claim
    where appointment_id = new.appointment_id
        and (new.status in ('cancelled', 'no_show') or resource_kind = 'chair' and new.chair_id is null);
    insert into appointment_claim (appointment_id, resource_kind, resource_id, during, layer)
    select new.appointment_id, claim.resource_kind, claim.resource_id, claim.during, claim.layer
    from (
        values
            ('patient', new.patient_id, tstzrange(new.starts_at, new.ends_at), 0),
            (
                'doctor',
                new.doctor_id,
                tstzrange(new.starts_at, new.ends_at + make_interval(mins => new.buffer_minutes)),
                case when new.is_overbooked then new.appointment_id else 0 end
            ),
            (
                'chair',
                new.chair_id,
                tstzrange(new.starts_at, new.ends_at),
                case when new.is_overbooked then new.appointment_id else 0 end
            )
    ) as claim (resource_kind, resource_id, during, layer)
    where new.status not in ('cancelled', 'no_show')
        and claim.resource_id is not null
    on conflict (appointment_id, resource_kind) do update
    set resource_id = excluded.resource_id, during = excluded.during, layer = excluded.layer;
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

-- The steps of an appointment: who may take it from which status to which.
create table appointment_step (
    action text not null,
    from_status text not null,
    to_status text not null,
    permission text not null,
    primary key (action, from_status)
);
insert into appointment_step (action, from_status, to_status, permission)
values
    ('confirm', 'booked', 'confirmed', 'schedule.write'),
    ('check_in', 'booked', 'came', 'schedule.write'),
    ('check_in', 'confirmed', 'came', 'schedule.write'),
    ('finish', 'came', 'finished', 'schedule.write'),
    ('cancel', 'booked', 'cancelled', 'schedule.write'),
    ('cancel', 'confirmed', 'cancelled', 'schedule.write'),
    ('cancel', 'came', 'cancelled', 'schedule.write'),
    ('no_show', 'booked', 'no_show', 'schedule.write'),
    ('no_show', 'confirmed', 'no_show', 'schedule.write'),
    ('reopen', 'finished', 'booked', 'schedule.override'),
    ('reopen', 'cancelled', 'booked', 'schedule.override'),
    ('reopen', 'no_show', 'booked', 'schedule.override');
revoke insert, update, delete on appointment_step from dcms_app;

-- The actions that one with these permissions could take in a status.
create function allowed_actions(status text, permissions text[]) returns jsonb
language sql stable parallel safe as $$
    select coalesce(jsonb_agg(action order by action), '[]')
    from appointment_step
    where from_status = status
        and permission = any (permissions)
$$;

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

-- When a doctor works on these local days: his own hours if any row of them is valid on the day, else the clinic's,
-- without closures and his time off. Booking, moving, availability, calendars and is_uncovered all ask here. A table of
-- one row, as such functions become a part of the query that calls them, which is 20 times faster.
create function working_time(doctor bigint, first_day date, last_day date) returns table (hours tstzmultirange)
language sql stable parallel safe as $$
    select
        coalesce(
            (
                -- where the clocks go forward, what closes in the gap may come out before what opens
                select range_agg(tstzrange(hours.opens_at, greatest(hours.opens_at, hours.closes_at)))
                from generate_series(0, last_day - first_day) as number
                cross join lateral (
                    select
                        local_instant(first_day + number + opens, timezone) as opens_at,
                        local_instant(first_day + number + closes, timezone) as closes_at
                    from working_hours
                    where employee_id = doctor
                        and weekday = extract(isodow from first_day + number)
                        and daterange(valid_from, valid_to, '[]') @> first_day + number
                    union all
                    select
                        local_instant(first_day + number + opens, timezone),
                        local_instant(first_day + number + closes, timezone)
                    from business_hours
                    where weekday = extract(isodow from first_day + number)
                        and not exists (
                            select
                            from working_hours
                            where employee_id = doctor
                                and daterange(valid_from, valid_to, '[]') @> first_day + number
                        )
                ) as hours
            ),
            '{}'
        )
        - coalesce(
            (
                select range_agg(
                    tstzrange(
                        local_instant(starts_on::timestamp, timezone), local_instant((ends_on + 1)::timestamp, timezone)
                    )
                )
                from closure
                where daterange(starts_on, ends_on, '[]') && daterange(first_day, last_day + 1, '[]')
            ),
            '{}'
        )
        - coalesce(
            (
                select range_agg(tstzrange(starts_at, ends_at))
                from time_off
                where employee_id = doctor
                    -- somewhat more than these days in any zone
                    and tstzrange(starts_at, ends_at) && tstzrange(
                        (first_day - 2)::timestamp at time zone 'UTC', (last_day + 3)::timestamp at time zone 'UTC'
                    )
            ),
            '{}'
        )
    from clinic_settings
$$;

-- When appointments may start, as of now.
create function bookable_period() returns tstzrange
language sql stable parallel safe as $$
    select tstzrange(
        now() + make_interval(mins => booking_min_notice_minutes),
        now() + greatest(make_interval(days => booking_horizon_days), make_interval(mins => booking_min_notice_minutes)),
        '[]'
    )
    from clinic_settings
$$;

-- How long an appointment is when its end is not said: as asked, else the sum of its services, else the clinic's usual.
create function booking_minutes(duration_min integer, service_ids bigint[]) returns integer
language sql stable parallel safe as $$
    select coalesce(
        $1,
        (
            select sum(service_catalog.duration_min)
            from unnest($2) as wanted (service_id)
            join service_catalog using (service_id)
        ),
        default_slot_minutes
    )
    from clinic_settings
$$;

-- When an appointment ends: as asked, else after its length.
create function booking_end(starts_at timestamptz, ends_at timestamptz, duration_min integer, service_ids bigint[])
returns timestamptz
language sql stable as $$
    select case
        when $2 is not null then $2
        when minutes <= 720 or refuse(400, 'invalid_request', '{"field": "service_ids", "detail": "take over 12 hours together"}')
            then $1 + make_interval(mins => minutes)
    end
    from booking_minutes($3, $4) as minutes
$$;

-- What of a doctor's working time on these local days a new appointment may take, with a chair if one is given. Its
-- buffer must not reach into the next one's time: so the others begin that much earlier.
create function free_time(doctor bigint, chair bigint, first_day date, last_day date) returns table (free tstzmultirange)
language sql stable parallel safe as $$
    select working.hours - coalesce(
        (
            select range_agg(
                case claim.resource_kind
                    when 'doctor' then tstzrange(lower(claim.during) - settings.buffer, upper(claim.during))
                    else claim.during
                end
            )
            from (values ('doctor', doctor), ('chair', chair)) as resource (kind, id)
            join appointment_claim as claim
                on claim.resource_kind = resource.kind
                and claim.resource_id = resource.id
                and claim.during && case
                    when isempty(working.hours) then 'empty'
                    else tstzrange(lower(working.hours), upper(working.hours) + settings.buffer)
                end
        ),
        '{}'
    )
    from (select make_interval(mins => buffer_minutes) as buffer from clinic_settings) as settings
    cross join lateral (select hours from working_time(doctor, first_day, last_day) offset 0) as working
$$;

-- The rules of the clinic that stand against a booking; the first one is the one to tell. What is null is not looked at,
-- as a move looks only at what it changes. Volatile, so that it sees what was committed while the locks were waited for.
create function booking_faults(
    patient_id bigint, doctor_id bigint, chair_id bigint, service_ids bigint[],
    starts_at timestamptz, during tstzrange, allow_outside_hours boolean
)
returns table (status integer, code text, extra jsonb)
language plpgsql volatile as $$
begin
    return query
    select fault.status, fault.code, coalesce(fault.extra, jsonb_build_object('field', fault.field, 'detail', fault.detail))
    from clinic_settings
    cross join bookable_period() as period
    left join patient on patient.patient_id = $1
    left join employee on employee.employee_id = $2
    left join chair on chair.chair_id = $3
    cross join lateral (
        select
            count(service_catalog.service_id) < count(*) as is_unknown,
            bool_or(not service_catalog.is_active) as is_inactive
        from unnest($4) as wanted (service_id)
        left join service_catalog using (service_id)
    ) as service
    cross join lateral working_time(
        $2,
        (lower($6) at time zone clinic_settings.timezone)::date,
        (upper($6) at time zone clinic_settings.timezone)::date
    ) as working
    cross join lateral (
        values
            (
                1, $1 is not null and patient.patient_id is null,
                422, 'unknown_reference', 'patient_id', 'There is no such patient.', null
            ),
            (
                2, $2 is not null and employee.employee_id is null,
                422, 'unknown_reference', 'doctor_id', 'There is no such employee.', null
            ),
            (
                3, $3 is not null and chair.chair_id is null,
                422, 'unknown_reference', 'chair_id', 'There is no such chair.', null
            ),
            (4, service.is_unknown, 422, 'unknown_reference', 'service_ids', 'There is no such service.', null),
            (
                5, patient.merged_into is not null,
                409, 'merged', null, null, jsonb_build_object('merged_into', patient.merged_into)
            ),
            (6, patient.status = 'archived', 422, 'archived', 'patient_id', 'The patient is archived.', null),
            (7, employee.archived_at is not null, 422, 'archived', 'doctor_id', 'The doctor is archived.', null),
            (8, not employee.is_bookable, 422, 'not_bookable', 'doctor_id', 'The employee takes no appointments.', null),
            (9, not chair.is_active, 422, 'inactive', 'chair_id', 'The chair is out of use.', null),
            (10, service.is_inactive, 422, 'inactive', 'service_ids', 'A service is no longer offered.', null),
            (
                11, not $7 and $5 < lower(period),
                422, 'too_short_notice', 'starts_at', 'The start is past or too soon.', null
            ),
            (
                12, not $7 and $5 > upper(period),
                422, 'beyond_horizon', 'starts_at', 'The start is too far ahead.', null
            ),
            (
                13,
                not $7
                    and employee.employee_id is not null
                    and not $6 <@ working.hours,
                422, 'outside_working_hours', 'starts_at', 'The doctor does not work then.', null
            )
    ) as fault (place, applies, status, code, field, detail, extra)
    where fault.applies
    order by fault.place;
end
$$;

-- An appointment as answers show it; to a patient's login (own_patient_id) without the staff's note. One who knows when
-- the doctor works then says it.
create function appointment_answer(appointment appointment, own_patient_id bigint, known_hours tstzmultirange default null)
returns table (
    appointment_id bigint,
    patient_id bigint,
    doctor_id bigint,
    chair_id bigint,
    service_ids bigint[],
    starts_at timestamptz,
    ends_at timestamptz,
    status text,
    note text,
    cancel_reason text,
    is_overbooked boolean,
    is_uncovered boolean,
    confirmed_at timestamptz,
    checked_in_at timestamptz,
    finished_at timestamptz,
    cancelled_at timestamptz,
    cancelled_by text,
    created_by bigint,
    created_at timestamptz,
    updated_at timestamptz,
    version bigint,
    patient jsonb,
    doctor jsonb
)
language sql stable parallel safe as $$
    select
        ($1).appointment_id,
        ($1).patient_id,
        ($1).doctor_id,
        ($1).chair_id,
        ($1).service_ids,
        ($1).starts_at,
        ($1).ends_at,
        ($1).status,
        case when $2 is null then ($1).note end,
        ($1).cancel_reason,
        ($1).is_overbooked,
        ($1).status not in ('cancelled', 'no_show')
            and not ($1).is_outside_hours
            and not tstzrange(($1).starts_at, ($1).ends_at) <@ coalesce($3, working.hours),
        ($1).confirmed_at,
        ($1).checked_in_at,
        ($1).finished_at,
        ($1).cancelled_at,
        ($1).cancelled_by,
        ($1).created_by,
        ($1).created_at,
        ($1).updated_at,
        ($1).version,
        jsonb_build_object(
            'name', concat_ws(' ', patient.first_name, patient.last_name),
            'phone', patient_primary_phone(patient.patient_id),
            'alerts', patient.alerts
        ),
        jsonb_build_object(
            'name', concat_ws(' ', employee.title, employee.first_name, employee.last_name),
            'color', employee.color
        )
    from clinic_settings
    cross join patient
    cross join employee
    cross join lateral working_time(
        ($1).doctor_id,
        (($1).starts_at at time zone clinic_settings.timezone)::date,
        (($1).ends_at at time zone clinic_settings.timezone)::date
    ) as working
    where patient.patient_id = ($1).patient_id
        and employee.employee_id = ($1).doctor_id
$$;

-- The local days of doctors, with when they work and the appointments that touch the day: one row for each appointment,
-- one without for a day that has none. Of all active doctors and of whoever has an appointment that day, or of those
-- named; `always` shows a day of theirs whatever they are.
create function doctors_days(
    first_day date, last_day date, doctor_ids bigint[], include_cancelled boolean, always boolean
)
returns table (
    day date, day_during tstzrange, employee_id bigint, employee employee, hours tstzmultirange, appointment appointment
)
language sql stable parallel safe as $$
    with days as materialized (
        select
            first_day + number as day,
            tstzrange(
                local_instant((first_day + number)::timestamp, timezone),
                local_instant((first_day + number + 1)::timestamp, timezone)
            ) as during
        from clinic_settings
        cross join generate_series(0, last_day - first_day) as number
    ),
    booked as materialized (
        select touched.first_day + number as day, appointment.doctor_id, appointment
        from appointment
        cross join clinic_settings
        cross join lateral (
            select
                (appointment.starts_at at time zone timezone)::date as first_day,
                ((appointment.ends_at - interval '1 microsecond') at time zone timezone)::date as last_day
        ) as touched
        cross join lateral generate_series(0, touched.last_day - touched.first_day) as number
        where appointment.doctor_id = any (coalesce(doctor_ids, array(select employee.employee_id from employee)))
            -- none is longer than 12 hours
            and appointment.starts_at > (select min(lower(during)) - interval '12 hours' from days)
            and appointment.starts_at < (select max(upper(during)) from days)
            and (include_cancelled or appointment.status not in ('cancelled', 'no_show'))
    )
    select days.day, days.during, employee.employee_id, employee, working.hours, booked.appointment
    from days
    cross join employee
    cross join lateral working_time(employee.employee_id, days.day, days.day) as working
    left join booked on booked.day = days.day and booked.doctor_id = employee.employee_id
    where (doctor_ids is null or employee.employee_id = any (doctor_ids))
        and (always or booked.doctor_id is not null or employee.is_bookable and employee.archived_at is null)
$$;
