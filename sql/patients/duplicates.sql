-- Who is likely the same person as a patient, best first; each reason names 200 at most.
with self as materialized (
    select patient_id, lower(email) as email, birth_date, name_key(first_name, last_name) as name_key
    from patient
    where patient_id = :patient_id
),
same_phone as (
    select other.patient_id
    from patient_phone as own
    join patient_phone as other on other.e164 = own.e164
    where own.patient_id = :patient_id
        and other.patient_id <> :patient_id
    limit 200
),
same_email as (
    select other.patient_id
    from self
    join patient as other on lower(other.email) = self.email
    where other.patient_id <> :patient_id
    limit 200
),
same_birth_date_and_name as (
    select other.patient_id
    from self
    join patient as other
        on other.birth_date = self.birth_date and name_key(other.first_name, other.last_name) = self.name_key
    where other.patient_id <> :patient_id
    limit 200
),
reason as (
    select patient_id, 1 as place, 'phone' as reason, 0.4 as weight from same_phone
    union
    select patient_id, 2, 'email', 0.5 from same_email
    union
    select patient_id, 3, 'birth_date_and_name', 0.8 from same_birth_date_and_name
),
likely as (
    select
        patient_id,
        -- the chance that one of the reasons is right, if they were independent
        round(1 - exp(sum(ln(1 - weight))), 2)::float8 as score,
        array_agg(reason order by place) as reasons
    from reason
    group by patient_id
)
select
    shown.*,
    likely.score,
    likely.reasons
from likely
join patient on patient.patient_id = likely.patient_id
cross join lateral patient_answer(patient, null) as shown
where patient.merged_into is null
    and (
        :after_score::float8 is null
        or (likely.score, - likely.patient_id) < (:after_score::float8, - :after_id::bigint)
    )
order by likely.score desc, likely.patient_id
limit :limit
