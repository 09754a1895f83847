drop table chair;
drop table service_catalog;
drop table time_off;
drop table working_hours;
drop table employee_phone;
drop table employee_position;
drop table position;
drop table employee;
