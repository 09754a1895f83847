-- Count a check of a password as failed.
update login_attempt
set has_failed = true
where login_attempt_id = :login_attempt_id
