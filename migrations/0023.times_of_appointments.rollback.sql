-- transactional: false

drop index concurrently if exists appointment_doctor;

create index concurrently appointment_doctor on appointment (doctor_id, starts_at);

drop index concurrently if exists appointment_times;
