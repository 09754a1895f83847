-- transactional: false
-- A calendar's month needs no more of an appointment than this: no page of the table. Made while everybody goes on
-- working; what an interrupted run left behind is made anew.

drop index concurrently if exists appointment_times;

create index concurrently appointment_times on appointment (doctor_id, starts_at) include (ends_at, status);

drop index concurrently if exists appointment_doctor;
