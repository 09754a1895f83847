-- Undoes all of it.
drop trigger queue_reminders_insert on appointment;
create trigger queue_reminders_insert after insert on appointment for each row execute function queue_reminders();
drop function hold_all_for_booking(bigint[], bigint[], bigint[]);
drop table import_row;
