-- More patients, each with a number, in the order in which they came; the id of the first of them.
with person as materialized (
    select
        number,
        (:first_names::text[])[1 + (number * 7 + number / 31) % cardinality(:first_names::text[])] as first_name,
        (:last_names::text[])[1 + (number * 11 + number / 37) % cardinality(:last_names::text[])] as last_name,
        now() - (:days * (1 - number::float8 / :patients)) * interval '1 day' as registered_at
    from generate_series(1, :patients::integer) as number
),
made as (
    insert into patient (
        register_number, first_name, last_name, birth_date, gender, email, address, alerts, created_at, updated_at
    )
    select
        'B' || lpad(number::text, 8, '0'),
        first_name,
        last_name,
        current_date - 1500 - number * 13 % 30000,
        case when number % 2 = 0 then 'female' else 'male' end,
        case when number % 5 < 3 then 'bench' || number || '@example.org' end,
        'Lindenstraße ' || 1 + number % 120 || ', 10115 Berlin',
        case when number % 8 = 0 then array['allergy: penicillin'] else '{}' end,
        registered_at,
        registered_at
    from person
    order by number
    returning patient_id
),
numbered as (
    insert into phone_number (e164, national, region, type)
    select '+49160' || lpad(number::text, 8, '0'), '0160 ' || lpad(number::text, 8, '0'), 'DE', 'mobile'
    from person
),
held as (
    insert into patient_phone (patient_id, e164, label, is_primary, created_at, updated_at)
    select
        (select min(patient_id) from made) + number - 1,
        '+49160' || lpad(number::text, 8, '0'),
        'mobile',
        true,
        registered_at,
        registered_at
    from person
)
select min(patient_id) as patient_id
from made
