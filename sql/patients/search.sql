-- Patients who have every part looked for, best first, 1,000 at most.
with asked as materialized (
    select :status::text[] as status, :born::date as born, :doctor_id::bigint as doctor_id
),
part as materialized (
    select place, kind, text
    from jsonb_to_recordset(:parts::jsonb) as part (place integer, kind text, text text)
),
word as materialized (
    select distinct part.place, part.kind, spelling.word
    from part
    cross join lateral (
        select name_words(part.text)
        where part.kind = 'n'
        union all
        select lower(part.text)
        where part.kind <> 'n'
    ) as spelling (word)
),
-- the ranges of terms that each part may mean, with the points for a whole term and for the beginning of one
meaning as materialized (
    select
        place,
        kind || ':' || word as low,
        -- a name's single letter is no part of a word, but may be a whole one
        kind || ':' || word || case when kind = 'n' and length(word) = 1 then chr(1) else chr(1114111) end as high,
        case when kind = 's' then 2 else 4 end as whole_points,
        case when kind = 's' then 2 else 3 end as points
    from word
    union all
    select place, 'n:' || misspelt.word, 'n:' || misspelt.word || chr(1), 1, 1
    from word
    cross join lateral (
        select name_word.word
        from name_word
        where one_deleted(name_word.word) && one_deleted(word.word)
            and name_word.word <> word.word
            and is_one_letter_off(name_word.word, word.word)
        order by name_word.word
        limit 100
    ) as misspelt
    where word.kind = 'n'
        and length(word.word) >= 4
    union all
    select place, 'p:' || number.digits, 'p:' || number.digits || chr(1), 1, 1
    from word
    cross join lateral (
        (
            select substr(e164, 2) as digits
            from phone_number
            where length(word.word) < 12
                and e164 like '%' || word.word || '%'
            limit 200
        )
        union all
        -- what begins or ends with the digits has its own terms, so with these in between it has two more, and so many
        -- few numbers have
        (
            select substr(e164, 2)
            from phone_number
            where length(word.word) >= 12
                and length(e164) >= 15
                and e164 like '%' || word.word || '%'
            limit 200
        )
    ) as number
    where word.kind = 'd'
),
-- how many terms each part may mean, as far as that decides anything
place as materialized (
    select
        place,
        case
            when (select count(distinct part.place) from part) > 1 then (
                select count(*)
                from (
                    select
                    from meaning
                    cross join lateral (
                        select
                        from patient_term
                        where term >= meaning.low
                            and term < meaning.high
                        limit 300000
                    ) as term
                    where meaning.place = part.place
                    limit 300000
                ) as few
            )
        end as terms
    from part
    group by place
),
-- the parts rare enough to be read whole, at least one; common ones are looked up for whoever has these
rare as materialized (
    select place, 1 << place as bit
    from place
    where terms < 300000
        or place = (select place from place order by terms, place limit 1)
),
wanted as not materialized (
    select patient.patient_id
    from asked
    cross join patient
    where patient.status = any (asked.status)
        and (asked.born is null or patient.birth_date = asked.born)
        and (
            asked.doctor_id is null
            or exists (
                select
                from patients_of_doctor(asked.doctor_id) as seen (patient_id)
                where seen.patient_id = patient.patient_id
            )
        )
),
-- whoever has the only part there is: whole terms come first, and reading ends with enough of them
found_by_one as (
    select term.patient_id
    from (
        select low, high
        from meaning
        where (select count(*) from place) = 1
        order by whole_points desc, low
    ) as meaning
    cross join lateral (
        select patient_id
        from patient_term
        where term >= meaning.low
            and term < meaning.high
        order by term, patient_id
        limit 300000
    ) as term
    where exists (
        select
        from wanted
        where wanted.patient_id = term.patient_id
        offset 0
    )
    limit 2000
),
having_the_rare as materialized (
    select term.patient_id, count(*) filter (where term.term = meaning.low) as whole_terms
    from meaning
    join rare on rare.place = meaning.place
    cross join lateral (
        select patient_id, term
        from patient_term
        where term >= meaning.low
            and term < meaning.high
        order by term, patient_id
        limit 300000
    ) as term
    where (select count(*) from place) > 1
    group by term.patient_id
    having bit_or(rare.bit) = (select bit_or(bit) from rare)
),
found_by_several as (
    select patient_id
    from (
        select patient_id
        from having_the_rare
        order by whole_terms desc, patient_id
    ) as had
    where not exists (
        select
        from place
        where place not in (select place from rare)
            and not exists (
                select
                from meaning
                cross join lateral (
                    select
                    from patient_term
                    where patient_term.patient_id = had.patient_id
                        and patient_term.term >= meaning.low
                        and patient_term.term < meaning.high
                    limit 1
                ) as term
                where meaning.place = place.place
            )
    )
        and exists (
            select
            from wanted
            where wanted.patient_id = had.patient_id
            offset 0
        )
    limit 2000
),
beginning as materialized (
    select place, low, high, points
    from meaning
    where high <> low || chr(1)
),
had as materialized (
    select candidate.patient_id, term.term
    from (
        select patient_id
        from found_by_one
        union
        select patient_id
        from found_by_several
    ) as candidate
    cross join lateral (
        select term
        from patient_term
        where patient_term.patient_id = candidate.patient_id
        offset 0
    ) as term
),
-- whole terms are met by their hash, so that only the few beginnings are compared with every term
hit as (
    select place_points.patient_id, sum(place_points.points)::integer as score
    from (
        select met.patient_id, max(met.points) as points
        from (
            select had.patient_id, meaning.place, meaning.whole_points as points
            from had
            join meaning on meaning.low = had.term
            union all
            select had.patient_id, beginning.place, beginning.points
            from had
            join beginning on had.term > beginning.low and had.term < beginning.high
        ) as met
        group by met.patient_id, met.place
    ) as place_points
    group by place_points.patient_id
    order by score desc, place_points.patient_id
    limit 1000
)
select
    shown.*,
    hit.score
from hit
join patient on patient.patient_id = hit.patient_id
cross join lateral patient_answer(patient, null) as shown
where :after_score::integer is null
    or (hit.score, - hit.patient_id) < (:after_score::integer, - :after_id::bigint)
order by hit.score desc, hit.patient_id
limit :limit
