-- A doctor's patients in the order of their lists, so that a page reads no more than it shows.

-- Whoever has ever had an appointment or a treatment with a doctor, also a cancelled or a deleted one. Nothing is taken
-- out: whoever reads it looks whether there is one that counts (patients_of_doctor).
create table doctor_patient (
    doctor_id bigint not null,
    -- patient.created_at, which never changes
    patient_created_at timestamptz not null,
    patient_id bigint not null,
    primary key (doctor_id, patient_created_at, patient_id)
);

create function note_doctors_patient() returns trigger
language plpgsql as $$
begin
    insert into doctor_patient (doctor_id, patient_created_at, patient_id)
    select new.doctor_id, patient.created_at, patient.patient_id
    from patient
    where patient.patient_id = new.patient_id
    on conflict do nothing;
    return null;
end
$$;

create trigger note_doctors_patient_insert after insert on appointment
for each row execute function note_doctors_patient();
create trigger note_doctors_patient_update after update on appointment
for each row when (new.doctor_id <> old.doctor_id or new.patient_id <> old.patient_id)
execute function note_doctors_patient();

create trigger note_doctors_patient_insert after insert on treatment
for each row execute function note_doctors_patient();
create trigger note_doctors_patient_update after update on treatment
for each row when (new.doctor_id <> old.doctor_id or new.patient_id <> old.patient_id)
execute function note_doctors_patient();

-- A merge's survivor comes in by the triggers.
insert into patient_reference (table_name, column_name, key_column, rule, place)
values ('doctor_patient', 'patient_id', null, 'stays', 19);
