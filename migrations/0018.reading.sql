-- Appointments are read by index whatever the statistics say, and names are found however their letters are written.

-- As in 0006, but that one row of clinic_settings and a few days are expected. A guess of 300 rows and 1,000 days made
-- all ways of reading appointments look equally dear, and the worst was taken.
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
                -- always so; who plans it takes it for a few days, not for a thousand
                where number between 0 and 100000
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
    where clinic_id = 1
$$;

-- As in 0006, but patient, doctor and hours are looked up for each row that is shown. A join read all patients.
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

-- Who is there now, who did not come.
create index appointment_status on appointment (status, starts_at, appointment_id);

-- Lower case without accents, the points of Hebrew and Arabic, and marks that nobody sees; other scripts stay what they
-- are.
create or replace function fold(words text) returns text
language sql immutable strict parallel safe as $$
    select normalize(
        lower(
            public.unaccent(
                'public.unaccent',
                regexp_replace(
                    normalize(words, NFKD),
                    '[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670'
                    '\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]',
                    '',
                    'g'
                )
            )
        ),
        NFKC
    )
$$;

-- The words of a name as people may type them: Müller-O'Neill is muller, mueller, o, neill, oneill and mulleroneill.
-- Groß is gross and gros, so that a typing error at the ß is one letter.
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
            ),
            (public.fold(translate(lower(normalize(name, NFC)), 'ßþæœ', 'stao')))
    ) as spelling (words)
    cross join regexp_split_to_table(spelling.words, '\s+') as chunk
    cross join lateral (
        select regexp_split_to_table(chunk, '[!-/:-@\[-`{-~\u00a1-\u00bf\u02b9-\u02bf\u2010-\u206f\u3001-\u303f\u30fb]+')
        union all
        select regexp_replace(chunk, '[!-/:-@\[-`{-~\u00a1-\u00bf\u02b9-\u02bf\u2010-\u206f\u3001-\u303f\u30fb]', '', 'g')
    ) as pieces (word)
    where word <> ''
$$;

-- One name whatever its accents, umlauts, ligatures, case and order.
create or replace function name_key(first_name text, last_name text) returns text
language sql immutable parallel safe as $$
    select string_agg(word, ' ' order by word)
    from (
        select distinct regexp_replace(word, '([aou])e|(s)s|(t)h', '\1\2\3', 'g') as word
        from public.name_words(first_name || ' ' || last_name) as word
    ) as words
$$;

reindex index patient_birth_date;

-- The words there are now; those that are none any more stay until the name changes.
with spelled as materialized (
    select patient.patient_id, spelling.word
    from patient
    cross join lateral name_words(concat_ws(' ', first_name, middle_name, last_name)) as spelling (word)
    where concat_ws(' ', first_name, middle_name, last_name) ~ '[^\x01-\x7f]'
),
words as (
    insert into name_word (word)
    select distinct word
    from spelled
    where length(word) >= 5
    on conflict do nothing
)
insert into patient_term (patient_id, term)
select patient_id, 'n:' || word
from spelled
on conflict do nothing;
