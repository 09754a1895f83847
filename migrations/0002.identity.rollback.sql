drop function reserve_login_attempt(bytea, inet);
drop table login_attempt;
drop table session;
drop table dcms_user;
drop function keep_one_admin();
drop function note_user_change();
drop function note_session_end();
