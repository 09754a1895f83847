-- Finding patients: by parts of names, register number, email and digits of phone numbers; likely duplicates; by doctor.

-- Lower case without accents; other scripts stay what they are.
create function fold(words text) returns text
language sql immutable strict parallel safe as $$
    select normalize(
        lower(public.unaccent('public.unaccent', regexp_replace(normalize(words, NFKD), '[\u0300-\u036f]', '', 'g'))), NFKC
    )
$$;

-- The words of a name as people may type them: Müller-O'Neill is muller, mueller, o, neill, oneill and mulleroneill.
create function name_words(name text) returns setof text
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

-- One name whatever its accents, umlauts, case and order.
create function name_key(first_name text, last_name text) returns text
language sql immutable parallel safe as $$
    select string_agg(word, ' ' order by word)
    from (
        select distinct regexp_replace(word, '([aou])e', '\1', 'g') as word
        from public.name_words(first_name || ' ' || last_name) as word
    ) as words
$$;

-- A word and what is left of it without one of its letters. Two words one letter apart (wrong, missing, more, swapped)
-- share one of these.
create function one_deleted(word text) returns text[]
language sql immutable strict parallel safe as $$
    select array_agg(distinct left(word, place - 1) || substr(word, place + 1)) || word
    from generate_series(1, length(word)) as place
$$;

-- Whether two words differ by one letter that is wrong, missing or too much, or by two that are swapped.
create function is_one_letter_off(one text, other text) returns boolean
language plpgsql immutable strict parallel safe as $$
declare
    same integer := 0;
begin
    while same < least(length(one), length(other)) and substr(one, same + 1, 1) = substr(other, same + 1, 1) loop
        same := same + 1;
    end loop;
    one := substr(one, same + 1);
    other := substr(other, same + 1);
    return substr(one, 2) = substr(other, 2)
        or substr(one, 2) = other
        or one = substr(other, 2)
        or (substr(one, 3) = substr(other, 3) and left(one, 2) = reverse(left(other, 2)));
end
$$;

-- The words of all names that are long enough for a typing error. A word stays when nobody has it any more.
create table name_word (
    word text collate "C" primary key
);
create index name_word_one_deleted on name_word using gin (one_deleted(word));

-- What patients are found by, kept by triggers from patient and patient_phone: n: a word of the name, r: register
-- number, e: email, p: the digits of a number as E.164, as dialled nationally and without a leading zero, s: the digits from
-- the last to the first. It refers to patients without a foreign key, which would lock the patient for each term.
create table patient_term (
    patient_id bigint not null,
    term text collate "C" not null,
    primary key (term, patient_id)
);
create index patient_term_patient on patient_term (patient_id, term);

create function keep_patient_terms() returns trigger
language plpgsql as $$
declare
    words text[] := array(select name_words(concat_ws(' ', new.first_name, new.middle_name, new.last_name)));
    terms text[] := array(select 'n:' || word from unnest(words) as word)
        || array['r:' || lower(new.register_number)]
        || array_remove(array['e:' || lower(new.email)], null);
begin
    if tg_op = 'UPDATE' then
        delete from patient_term
        where patient_id = new.patient_id
            and left(term, 2) in ('n:', 'r:', 'e:')
            and term <> all (terms);
    end if;
    insert into patient_term (patient_id, term)
    select new.patient_id, term
    from unnest(terms) as term
    on conflict do nothing;

    -- in one order, so that two who bring the same new words can't wait for each other
    insert into name_word (word)
    select word
    from unnest(words) as word
    where length(word) >= 5
    order by word
    on conflict do nothing;
    return null;
end
$$;
create trigger keep_patient_terms_insert after insert on patient for each row execute function keep_patient_terms();
create trigger keep_patient_terms_update after update on patient
for each row when (
    (old.first_name, old.middle_name, old.last_name, old.register_number, old.email)
    is distinct from
    (new.first_name, new.middle_name, new.last_name, new.register_number, new.email)
)
execute function keep_patient_terms();

create function phone_terms(number text) returns setof text
language sql stable strict parallel safe as $$
    select distinct term
    from phone_number
    cross join regexp_replace(national, '[^0-9]', '', 'g') as dialled
    cross join unnest(
        array[
            'p:' || substr(e164, 2),
            'p:' || dialled,
            'p:' || ltrim(dialled, '0'),
            's:' || reverse(substr(e164, 2))
        ]
    ) as term
    where e164 = number
$$;

-- Digits out of the middle of a number are looked for in the numbers themselves.
create index phone_number_digits on phone_number using gin (e164 gin_trgm_ops);

create function keep_phone_terms() returns trigger
language plpgsql as $$
begin
    if tg_op in ('DELETE', 'UPDATE') then
        delete from patient_term
        where patient_id = old.patient_id
            and term in (select phone_terms(old.e164))
            and term not in (
                select phone_terms(e164)
                from patient_phone
                where patient_id = old.patient_id
            );
    end if;
    if tg_op in ('INSERT', 'UPDATE') then
        insert into patient_term (patient_id, term)
        select new.patient_id, term
        from phone_terms(new.e164) as term
        on conflict do nothing;
    end if;
    return null;
end
$$;
create trigger keep_phone_terms after insert or delete or update of patient_id, e164 on patient_phone
for each row execute function keep_phone_terms();

create index patient_birth_date on patient (birth_date, name_key(first_name, last_name)) where birth_date is not null;

-- Whom a doctor has had or will have; the later migration of treatments adds theirs.
create index appointment_doctor_patient on appointment (doctor_id, patient_id) where status <> 'cancelled';
create function patients_of_doctor(id bigint) returns setof bigint
language sql stable parallel safe as $$
    select patient_id
    from appointment
    where doctor_id = id
        and status <> 'cancelled'
$$;

-- What every answer shows of a patient; to a patient's login not the staff's note.
create function patient_answer(patient patient, own_patient_id bigint)
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
