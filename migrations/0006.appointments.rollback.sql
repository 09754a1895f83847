drop function patient_last_seen_at(bigint);
drop table appointment_event;
drop table appointment_claim;
drop table appointment;
drop function queue_reminders();
drop function keep_claims();
