-- The search's terms of patients that were loaded without triggers: what their triggers would have made.
with word as materialized (
    select patient.patient_id, word
    from patient
    cross join lateral name_words(concat_ws(' ', patient.first_name, patient.middle_name, patient.last_name)) as word
),
known as (
    insert into name_word (word)
    select distinct word
    from word
    where length(word) >= 5
    order by word
    on conflict do nothing
)
insert into patient_term (patient_id, term)
select patient_id, 'n:' || word from word
union
select patient_id, 'r:' || lower(register_number) from patient
union
select patient_id, 'e:' || lower(email) from patient where email is not null
union
select patient_phone.patient_id, term
from patient_phone
cross join lateral phone_terms(patient_phone.e164) as term
