-- Forget a check of a password that was right, and the failures of the same account from the same address.
delete from login_attempt
where account = :account
    and address = network(:address::text::inet)
    and (has_failed or login_attempt_id = :login_attempt_id)
