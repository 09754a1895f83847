-- What a list shows is looked up once for what it is asked of, and not by functions that start anew for each row.

-- As before, but the primary phone and the last visit are looked up in the answers themselves: to start
-- a function took longer than its lookup.

create or replace function patient_answer(patient patient, own_patient_id bigint)
returns table (
    patient_id bigint,
    register_number text,
    user_id bigint,
    first_name text,
    last_name text,
    middle_name text,
    birth_date date,
    gender text,
    email text,
    address text,
    note text,
    alerts text[],
    primary_phone text,
    status text,
    merged_into bigint,
    archived_at timestamptz,
    last_seen_at timestamptz,
    created_at timestamptz,
    updated_at timestamptz,
    version bigint
)
language sql stable parallel safe as $$
    select
        ($1).patient_id,
        ($1).register_number,
        ($1).user_id,
        ($1).first_name,
        ($1).last_name,
        ($1).middle_name,
        ($1).birth_date,
        ($1).gender,
        ($1).email,
        ($1).address,
        case when $2 is null then ($1).note end,
        ($1).alerts,
        (
            select patient_phone.e164
            from patient_phone
            where patient_phone.patient_id = ($1).patient_id
                and patient_phone.is_primary
        ),
        ($1).status,
        ($1).merged_into,
        ($1).archived_at,
        (
            select max(appointment.checked_in_at)
            from appointment
            where appointment.patient_id = ($1).patient_id
                and appointment.checked_in_at is not null
        ),
        ($1).created_at,
        ($1).updated_at,
        ($1).version
$$;

create or replace function appointment_answer(appointment appointment, own_patient_id bigint, known_hours tstzmultirange default null)
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
            and not tstzrange(($1).starts_at, ($1).ends_at) <@ coalesce(
                $3,
                (
                    select working.hours
                    from clinic_settings
                    cross join lateral working_time(
                        ($1).doctor_id,
                        (($1).starts_at at time zone clinic_settings.timezone)::date,
                        (($1).ends_at at time zone clinic_settings.timezone)::date
                    ) as working
                    where clinic_settings.clinic_id = 1
                )
            ),
        ($1).confirmed_at,
        ($1).checked_in_at,
        ($1).finished_at,
        ($1).cancelled_at,
        ($1).cancelled_by,
        ($1).created_by,
        ($1).created_at,
        ($1).updated_at,
        ($1).version,
        (
            select jsonb_build_object(
                'name', concat_ws(' ', patient.first_name, patient.last_name),
                'phone', (
                    select patient_phone.e164
                    from patient_phone
                    where patient_phone.patient_id = patient.patient_id
                        and patient_phone.is_primary
                ),
                'alerts', patient.alerts
            )
            from patient
            where patient.patient_id = ($1).patient_id
        ),
        (
            select jsonb_build_object(
                'name', concat_ws(' ', employee.title, employee.first_name, employee.last_name),
                'color', employee.color
            )
            from employee
            where employee.employee_id = ($1).doctor_id
        )
$$;

-- patient_primary_phone() and patient_last_seen_at() stay for a version: the processes of the one before are in the middle
-- of statements that call them.

-- The doctors' days and their hours: who can be booked, and who is; `always`, everybody.
create function doctors_hours(
    first_day date, last_day date, doctor_ids bigint[], include_cancelled boolean, always boolean
)
returns table (day date, day_during tstzrange, employee_id bigint, employee employee, hours tstzmultirange)
language sql stable parallel safe as $$
    -- materialized, or the hours would be worked out again for each appointment that is joined to them
    with lane as materialized (
        select days.day, days.during, employee.employee_id, employee, working.hours
        from (
            select
                first_day + number as day,
                tstzrange(
                    local_instant((first_day + number)::timestamp, timezone),
                    local_instant((first_day + number + 1)::timestamp, timezone)
                ) as during
            from clinic_settings
            cross join generate_series(0, last_day - first_day) as number
        ) as days
        cross join employee
        cross join lateral working_time(employee.employee_id, days.day, days.day) as working
        where (doctor_ids is null or employee.employee_id = any (doctor_ids))
            and (
                always
                or employee.is_bookable and employee.archived_at is null
                or exists (
                    select
                    from appointment
                    where appointment.doctor_id = employee.employee_id
                        -- none is longer than 12 hours
                        and appointment.starts_at > lower(days.during) - interval '12 hours'
                        and appointment.starts_at < upper(days.during)
                        and appointment.ends_at > lower(days.during)
                        and (include_cancelled or appointment.status not in ('cancelled', 'no_show'))
                )
            )
    )
    select day, during, employee_id, employee, hours
    from lane
$$;

-- The appointments that touch days, one row for each day.
create function booked_days(first_day date, last_day date, doctor_ids bigint[], include_cancelled boolean)
returns table (day date, doctor_id bigint, appointment appointment)
language sql stable parallel safe as $$
    select touched.first_day + number, appointment.doctor_id, appointment
    from appointment
    cross join clinic_settings
    cross join lateral (
        select
            (appointment.starts_at at time zone timezone)::date as first_day,
            ((appointment.ends_at - interval '1 microsecond') at time zone timezone)::date as last_day
    ) as touched
    cross join lateral generate_series(0, touched.last_day - touched.first_day) as number
    where appointment.doctor_id = any (coalesce(doctor_ids, array(select employee.employee_id from employee)))
        and appointment.starts_at > (
            select local_instant($1::timestamp, timezone) - interval '12 hours'
            from clinic_settings
        )
        and appointment.starts_at < (select local_instant(($2 + 1)::timestamp, timezone) from clinic_settings)
        and (include_cancelled or appointment.status not in ('cancelled', 'no_show'))
$$;

-- As in 0006, of these two.
create or replace function doctors_days(
    first_day date, last_day date, doctor_ids bigint[], include_cancelled boolean, always boolean
)
returns table (
    day date, day_during tstzrange, employee_id bigint, employee employee, hours tstzmultirange, appointment appointment
)
language sql stable parallel safe as $$
    with booked as materialized (
        select day, doctor_id, appointment
        from booked_days(first_day, last_day, doctor_ids, include_cancelled)
    )
    select lane.day, lane.day_during, lane.employee_id, lane.employee, lane.hours, booked.appointment
    from doctors_hours(first_day, last_day, doctor_ids, include_cancelled, always) as lane
    left join booked on booked.day = lane.day and booked.doctor_id = lane.employee_id
$$;
