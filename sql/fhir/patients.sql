-- Every patient, for the filters of a search, or those whose names have all these words; to a patient's login only himself.
select shown.*
from patient
cross join lateral patient_answer(patient, :own_patient_id::bigint) as shown
where (:own_patient_id::bigint is null or patient.patient_id = :own_patient_id)
    and (:register_number::text is null or upper(patient.register_number) = upper(:register_number))
    and not exists (
        select
        from regexp_split_to_table(lower(unaccent(:name::text)), '\s+') as word
        where position(
            ' ' || word in ' ' || lower(
                unaccent(concat_ws(' ', patient.first_name, patient.middle_name, patient.last_name))
            )
        ) = 0
    )
