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
        patient_primary_phone(($1).patient_id),
        ($1).status,
        ($1).merged_into,
        ($1).archived_at,
        patient_last_seen_at(($1).patient_id),
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
                'phone', patient_primary_phone(patient.patient_id),
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

create or replace function doctors_days(
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

drop function booked_days(date, date, bigint[], boolean);
drop function doctors_hours(date, date, bigint[], boolean, boolean);
