drop trigger check_link on employee;
drop trigger check_link on patient;
drop function check_link();
drop trigger roles_fit_links on dcms_user;
drop function check_links();
