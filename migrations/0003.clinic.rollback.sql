drop table closure;
drop table business_hours;
drop table clinic_settings;
drop table clinic;
