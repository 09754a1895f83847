create or replace function working_time(doctor bigint, first_day date, last_day date) returns table (hours tstzmultirange)
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

create or replace function fold(words text) returns text
language sql immutable strict parallel safe as $$
    select normalize(
        lower(public.unaccent('public.unaccent', regexp_replace(normalize(words, NFKD), '[\u0300-\u036f]', '', 'g'))), NFKC
    )
$$;

create or replace function name_words(name text) returns setof text
language sql immutable strict parallel safe as $$
    select distinct left(word, 100)
    from (
        values
            (public.fold(name)),
            (
                public.fold(
                    replace(replace(replace(replace(replace(
                        lower(normalize(name, NFC)), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ø', 'oe'), 'å', 'aa')
                )
            )
    ) as spelling (words)
    cross join regexp_split_to_table(spelling.words, '\s+') as chunk
    cross join lateral (
        select regexp_split_to_table(chunk, '[!-/:-@\[-`{-~\u00a1-\u00bf\u02b9-\u02bf\u2010-\u206f\u3001-\u303f\u30fb]+')
        union all
        select regexp_replace(chunk, '[!-/:-@\[-`{-~\u00a1-\u00bf\u02b9-\u02bf\u2010-\u206f\u3001-\u303f\u30fb]', '', 'g')
    ) as pieces (word)
    where word <> ''
$$;

create or replace function name_key(first_name text, last_name text) returns text
language sql immutable parallel safe as $$
    select string_agg(word, ' ' order by word)
    from (
        select distinct regexp_replace(word, '([aou])e', '\1', 'g') as word
        from public.name_words(first_name || ' ' || last_name) as word
    ) as words
$$;

drop index appointment_status;
reindex index patient_birth_date;
