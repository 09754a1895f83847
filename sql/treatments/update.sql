-- Change what :changes names of a treatment.
update treatment
set (doctor_id, appointment_id, status, performed_on, diagnosis, note) = (
    select
        changed.doctor_id,
        changed.appointment_id,
        changed.status,
        changed.performed_on,
        changed.diagnosis,
        changed.note
    from jsonb_populate_record(treatment, :changes::jsonb) as changed
)
where treatment_id = :treatment_id
    and deleted_at is null
    and require_version(version, :if_match)
    and check_doctor_of_treatment(nullif((:changes::jsonb ->> 'doctor_id')::bigint, doctor_id))
    and (
        (:changes::jsonb ->> 'appointment_id') is null
        or exists (
            select
            from appointment
            where appointment.appointment_id = (:changes::jsonb ->> 'appointment_id')::bigint
                and appointment.patient_id = treatment.patient_id
        )
        or refuse(422, 'unknown_reference', '{"field": "appointment_id"}')
    )
    and acting(:context)
returning treatment_id
