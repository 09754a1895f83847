drop function business_hours_list();
drop table closure;
drop table business_hours;
drop table clinic_settings;
drop table clinic;
