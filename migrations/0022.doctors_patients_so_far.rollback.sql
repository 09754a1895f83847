delete from doctor_patient;
