delete from patient_reference where table_name = 'doctor_patient';
drop trigger note_doctors_patient_insert on appointment;
drop trigger note_doctors_patient_update on appointment;
drop trigger note_doctors_patient_insert on treatment;
drop trigger note_doctors_patient_update on treatment;
drop function note_doctors_patient();
drop table doctor_patient;
