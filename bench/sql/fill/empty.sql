-- Forget what is derived from appointments and patients: it is made for all of them at once.
truncate appointment_claim, patient_term, doctor_patient
