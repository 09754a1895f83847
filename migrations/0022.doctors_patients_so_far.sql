-- transactional: false
-- Those of the time before the triggers of 0021, while everybody goes on working: in short transactions, each in the
-- order of the key, as whoever books waits for a row that another is about to insert. It can be run again.

do $$
declare
    done_id bigint := 0;
    last_id bigint;
begin
    loop
        select max(appointment_id)
        into last_id
        from (
            select appointment_id from appointment where appointment_id > done_id order by appointment_id limit 5000
        ) as batch;
        exit when last_id is null;

        insert into doctor_patient (doctor_id, patient_created_at, patient_id)
        select distinct appointment.doctor_id, patient.created_at, patient.patient_id
        from appointment
        join patient on patient.patient_id = appointment.patient_id
        where appointment.appointment_id > done_id
            and appointment.appointment_id <= last_id
        order by 1, 2, 3
        on conflict do nothing;

        commit;
        done_id := last_id;
    end loop;

    done_id := 0;
    loop
        select max(treatment_id)
        into last_id
        from (
            select treatment_id from treatment where treatment_id > done_id order by treatment_id limit 5000
        ) as batch;
        exit when last_id is null;

        insert into doctor_patient (doctor_id, patient_created_at, patient_id)
        select distinct treatment.doctor_id, patient.created_at, patient.patient_id
        from treatment
        join patient on patient.patient_id = treatment.patient_id
        where treatment.treatment_id > done_id
            and treatment.treatment_id <= last_id
        order by 1, 2, 3
        on conflict do nothing;

        commit;
        done_id := last_id;
    end loop;
end
$$;
