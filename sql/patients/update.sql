-- Change what :changes names of a patient.
with changed as (
    update patient
    set (
        register_number, first_name, last_name, middle_name, birth_date, gender, email, address, note, alerts
    ) = (
        select
            changed.register_number,
            changed.first_name,
            changed.last_name,
            changed.middle_name,
            changed.birth_date,
            changed.gender,
            changed.email,
            changed.address,
            changed.note,
            changed.alerts
        from jsonb_populate_record(patient, :changes::jsonb) as changed
    )
    where patient_id = :patient_id
        and require_version(version, :if_match)
        and require_unmerged(merged_into)
        and acting(:context)
    returning patient
)
select shown.*
from changed
cross join lateral patient_answer(changed.patient, null) as shown
