drop function patient_primary_phone(bigint);
drop table patient_phone;
drop table patient;
drop function note_link_change();
drop function give_register_number();
drop sequence patient_register_number;
drop table phone_number;
