-- Forget a check of a password that came to no end.
delete from login_attempt
where login_attempt_id = :login_attempt_id
    and not has_failed
